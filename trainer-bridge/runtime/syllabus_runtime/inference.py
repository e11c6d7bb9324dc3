"""Answers a file of questions with a student, with or without an adapter."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import fields
from .artefacts import file_sha256, write_lines
from .chat import encode_question
from .errors import CancelToken, RequestError
from .generation import BATCH_TOKENS, Reply, generate, plan_batches
from .lora import put_on
from .rows import Question
from .student import Student

PROGRESS_SECONDS = 2.0


@dataclass(frozen=True)
class InferenceSettings:
    max_new_tokens: int
    batch_tokens: int | None
    batch_size: int | None


def parse_inference(source: dict) -> InferenceSettings:
    """Decoding is greedy: a request for sampling is refused, since its replies could not be repeated."""
    unknown = sorted(set(source) - {"max_new_tokens", "batch_tokens", "batch_size", "do_sample", "temperature"})
    if unknown:
        raise RequestError("bad_request", f"inference has unknown keys {unknown}")
    if source.get("temperature", 0) not in (0, None) or source.get("do_sample", False):
        raise RequestError("bad_request", "only greedy decoding is supported: temperature 0, do_sample false")
    return InferenceSettings(
        fields.number(source, "max_new_tokens", 1, whole=True),
        fields.number(source, "batch_tokens", 1, None, whole=True),
        fields.number(source, "batch_size", 1, None, whole=True),
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
    prompts = [encode_question(student.tokenizer, question, system) for question in questions]
    longest = max(map(len, prompts)) + settings.max_new_tokens
    _check_context(student, questions, prompts, settings)
    student.prepare(longest)
    budget = settings.batch_tokens or BATCH_TOKENS.get(student.device.type, 48_000)
    replies: dict[int, Reply] = {}

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
    for batch in plan_batches(prompts, settings.max_new_tokens, budget, settings.batch_size or len(prompts)):
        cancel.check()

        def on_reply(index: int, reply: Reply, batch: list[int] = batch) -> None:
            replies[batch[index]] = reply
            progress()

        generate(student, [prompts[index] for index in batch], settings.max_new_tokens, on_reply, cancel)
    progress(final=True)
    lines = [_prediction(student, question, replies[index]) for index, question in enumerate(questions)]
    write_lines(out, lines)
    return {
        "predictions": str(out),
        "sha256": file_sha256(out),
        "count": len(lines),
        "cut": sum(line["finish"] == "length" for line in lines),
        "seconds": round(time.monotonic() - started, 3),
    }


def _prediction(student: Student, question: Question, reply: Reply) -> dict:
    text = student.tokenizer.decode(reply.tokens, skip_special_tokens=True)
    return {"id": question.id, "text": text, "finish": reply.finish, "tokens": len(reply.tokens)}


def _check_context(student: Student, questions: list[Question], prompts: list[list[int]], settings: InferenceSettings) -> None:
    limit = getattr(student.model.config, "max_position_embeddings", None)
    if limit is None:
        return
    for question, prompt in zip(questions, prompts):
        if len(prompt) + settings.max_new_tokens > limit:
            size = f"{len(prompt)} tokens and {settings.max_new_tokens} new ones"
            raise RequestError("bad_dataset", f"question {question.id!r} takes {size}, more than the student's {limit}; shorten it")
