"""Answers a file of questions with a student, with or without an adapter."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import fields
from .artefacts import file_sha256, write_lines
from .chat import encode_question
from .chat_settings import KEYS as CHAT_KEYS
from .chat_settings import ChatSettings, parse_chat_settings
from .chat_template import chat_template_of
from .errors import CancelToken, RequestError
from .generation import BATCH_TOKENS, Reply, generate, plan_batches
from .lora import put_on
from .rows import Question
from .student import Student
from .thoughts import ThoughtBudget

PROGRESS_SECONDS = 2.0


@dataclass(frozen=True)
class InferenceSettings:
    max_new_tokens: int
    batch_tokens: int | None
    batch_size: int | None
    # Most tokens of thoughts, beside max_new_tokens; then they are closed. None: thoughts count against max_new_tokens.
    max_thinking_tokens: int | None = None
    # Whether a question that does not fit the context has an empty reply; else it is an error.
    leave_unfit: bool = False
    chat: ChatSettings = ChatSettings()


def parse_inference(source: dict) -> InferenceSettings:
    """Decoding is greedy: a request for sampling is refused, since its replies could not be repeated."""
    known = {"max_new_tokens", "batch_tokens", "batch_size", "do_sample", "temperature", "max_thinking_tokens", "leave_unfit", *CHAT_KEYS}
    unknown = sorted(set(source) - known)
    if unknown:
        raise RequestError("bad_request", f"inference has unknown keys {unknown}")
    if source.get("temperature", 0) not in (0, None) or source.get("do_sample", False):
        raise RequestError("bad_request", "only greedy decoding is supported: temperature 0, do_sample false")
    return InferenceSettings(
        fields.number(source, "max_new_tokens", 1, whole=True),
        fields.number(source, "batch_tokens", 1, None, whole=True),
        fields.number(source, "batch_size", 1, None, whole=True),
        fields.number(source, "max_thinking_tokens", 0, None, whole=True),
        fields.flag(source, "leave_unfit", False),
        parse_chat_settings(source),
    )


def infer(
    student: Student,
    adapter: str | None,
    questions: list[Question],
    system: str,
    settings: InferenceSettings,
    out: Path,
    report: Callable,
    cancel: CancelToken,
) -> dict:
    """Writes one prediction a question, in the questions' order; returns the result that goes on the wire."""
    started = reported = time.monotonic()
    template = chat_template_of(student.tokenizer, settings.chat)
    prompts = [encode_question(student.tokenizer, question, system, settings.chat) for question in questions]
    room = room_of(student, settings)
    fitting = fitting_places(student, questions, prompts, room, settings.leave_unfit)
    replies = {index: Reply([], "length") for index in set(range(len(prompts))) - set(fitting)}

    def progress(final: bool = False) -> None:
        nonlocal reported
        now = time.monotonic()
        if not final and now - reported < PROGRESS_SECONDS:
            return
        reported = now
        done, total = len(replies), len(prompts)
        eta = round((now - started) / done * (total - done), 1)
        report(phase="infer", done=done, total=total, eta_s=eta)

    put_on(student, adapter)
    memory = settings.batch_tokens or BATCH_TOKENS.get(student.device.type, 48_000)
    asked = [prompts[index] for index in fitting]
    for batch in plan_batches(asked, room, memory, settings.batch_size or len(asked), student.can.way.rows, student.turn):
        cancel.check()
        student.prepare(max(len(asked[index]) for index in batch) + room)

        def on_reply(index: int, reply: Reply, batch: list[int] = batch) -> None:
            replies[fitting[batch[index]]] = reply
            progress()

        own = thought_budget(student, settings)
        generate(student, [asked[index] for index in batch], settings.max_new_tokens, on_reply, cancel, budget=own)
    progress(final=True)
    lines = [prediction(template, question, replies[index]) for index, question in enumerate(questions)]
    write_lines(out, lines)
    return {
        "predictions": str(out),
        "sha256": file_sha256(out),
        "count": len(lines),
        "truncated": sum(line["finish"] == "length" for line in lines),
        "unfit": len(prompts) - len(fitting),
        "seconds": round(time.monotonic() - started, 3),
    }


def room_of(student: Student, settings: InferenceSettings) -> int:
    """Tokens that a reply may have: those of its answer, and of its thoughts where they have a limit of their own."""
    budget = thought_budget(student, settings)
    return settings.max_new_tokens + (budget.most if budget else 0)


def thought_budget(student: Student, settings: InferenceSettings) -> ThoughtBudget | None:
    """Of one batch; None without a limit."""
    if settings.max_thinking_tokens is None:
        return None
    tokenizer, template = student.tokenizer, chat_template_of(student.tokenizer, settings.chat)
    closing = tokenizer(template.closing, add_special_tokens=False).input_ids
    return ThoughtBudget(settings.max_thinking_tokens, closing, template.tags, template.opens_thoughts, tokenizer.decode)


def prediction(template, question: Question, reply: Reply) -> dict:
    """`text` is the answer; `raw`, where it is another text, the whole reply, with its thoughts and marks."""
    read = template.read(reply.tokens)
    raw = {} if read.raw == read.answer else {"raw": read.raw}
    return {"id": question.id, "text": read.answer, "finish": reply.finish, "tokens": len(reply.tokens), **raw}


def fitting_places(student: Student, questions: list[Question], prompts: list[list[int]], room: int, leave_unfit: bool) -> list[int]:
    """The places of questions that the student's context has room for."""
    limit = student.context
    fitting = [index for index, prompt in enumerate(prompts) if limit is None or len(prompt) + room <= limit]
    if len(fitting) < len(prompts) and not leave_unfit:
        longest = max(range(len(prompts)), key=lambda index: len(prompts[index]))
        size = f"{len(prompts[longest])} tokens and {room} new ones"
        message = f"question {questions[longest].id!r} takes {size}, more than the student's {limit}; shorten it, or ask for fewer new tokens"
        raise RequestError("bad_dataset", message)
    return fitting
