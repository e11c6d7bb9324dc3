"""What another runtime needs to answer questions as this one does: the prompts' tokens, and the reading of replies from theirs.

X1 The student's weights are not loaded: they may be on another device, or in another runtime's memory.
X2 Thoughts have the same limit as here. A runtime without such a limit gives as many tokens as both limits allow; here the reply is gone
   through as if it were decoded. Where its thoughts are to be closed it is cut, and asked for again from there.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from transformers import AutoConfig, AutoTokenizer, GenerationConfig

from . import fields
from .artefacts import file_sha256, write_lines
from .chat import encode_question, user_turn
from .chat_template import chat_template_of
from .context import context_of
from .device import pick_device, pick_dtype
from .errors import RequestError, failing_as
from .generation import Reply
from .inference import InferenceSettings, fitting_places, prediction, room_of, thought_budget
from .rows import Question, read_objects
from .student import check_folder, end_ids_of
from .thoughts import ThoughtBudget, split_thoughts


@dataclass
class Reader:
    """A student without its weights."""

    tokenizer: object
    config: object
    generation_config: object
    dtype: str

    @cached_property
    def end_ids(self) -> set[int]:
        return end_ids_of(self.tokenizer, self.generation_config)

    @property
    def context(self) -> int | None:
        return context_of(self.config.get_text_config(decoder=True))


def load_reader(name: str, revision: str | None, bf16: bool) -> Reader:
    check_folder(name)
    with failing_as("bad_student", f"student {name!r} does not load"):
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        config = AutoConfig.from_pretrained(name, revision=revision)
        try:
            generation = GenerationConfig.from_pretrained(name, revision=revision)
        except OSError:
            generation = GenerationConfig.from_model_config(config)
    dtype = str(pick_dtype(pick_device(), bf16)).removeprefix("torch.")
    return Reader(tokenizer, config, generation, dtype)


def prompts(reader: Reader, questions: list[Question], system: str, settings: InferenceSettings, out: Path) -> dict:
    """Writes a line {id, tokens} for each question that the context has room for, and the same as messages, for an endpoint that has
    the chat template itself."""
    tokens = [encode_question(reader.tokenizer, question, system, settings.chat) for question in questions]
    room = room_of(reader, settings)
    places = fitting_places(reader, questions, tokens, room, settings.leave_unfit)
    write_lines(out, [{"id": questions[at].id, "tokens": tokens[at], "messages": _messages(questions[at], system)} for at in places])
    return {
        "prompts": str(out),
        "count": len(places),
        "room": room,
        "longest": max((len(tokens[at]) for at in places), default=0),
        "context": reader.context,
        "end_ids": sorted(reader.end_ids),
        "dtype": reader.dtype,
    }


def _messages(question: Question, system: str) -> list[dict]:
    turns = [text for input, output in question.examples for text in (user_turn(question.instruction, input), output)]
    texts = [*turns, user_turn(question.instruction, question.input)]
    said = [{"role": "system", "content": system}] if system else []
    return said + [{"role": "assistant" if at % 2 else "user", "content": text} for at, text in enumerate(texts)]


def read_replies(reader: Reader, questions: list[Question], settings: InferenceSettings, replies: str, out: Path) -> dict:
    """`replies`: lines {id, tokens, finish}, or {id, text, thoughts, finish} of an endpoint that gives no tokens; a question without one did
    not fit. Writes the predictions once every reply is whole; until then a line {id, tokens} for each to go on with from these tokens."""
    given = {fields.text(line, "id", kind="bad_dataset", where=where): (line, where) for where, line in read_objects(replies)}
    template = chat_template_of(reader.tokenizer, settings.chat)
    lines, open_ones = [], []
    for question in questions:
        line, where = given.get(question.id, (None, ""))
        if line is not None and line.get("tokens") is None:
            lines.append(_text_prediction(reader, template, question, line, where))
            continue
        read = Reply([], "length") if line is None else _as_decoded(reader, settings, _reply(line, where))
        if read.finish == "open":
            open_ones.append({"id": question.id, "tokens": read.tokens})
        else:
            lines.append(prediction(template, question, read))
    write_lines(out, open_ones or lines)
    return {
        "predictions": str(out),
        "sha256": file_sha256(out),
        "count": len(questions),
        "truncated": sum(line["finish"] == "length" for line in lines),
        "unfit": len(questions) - sum(question.id in given for question in questions),
        "open": len(open_ones),
    }


def _reply(line: dict, where: str) -> Reply:
    tokens, finish = line.get("tokens"), _finish(line, where)
    if not isinstance(tokens, list) or not all(isinstance(token, int) for token in tokens):
        raise RequestError("bad_dataset", f"{where}the tokens of a reply are whole numbers")
    return Reply(tokens, finish)


def _finish(line: dict, where: str) -> str:
    finish = fields.text(line, "finish", kind="bad_dataset", where=where)
    if finish not in ("stop", "length"):
        raise RequestError("bad_dataset", f"{where}finish is stop or length, not {finish!r}")
    return finish


def _text_prediction(reader: Reader, template, question: Question, line: dict, where: str) -> dict:
    """`thoughts`: where the endpoint gives them apart, so that none are looked for in the text."""
    text, thoughts, finish = fields.text(line, "text", kind="bad_dataset", where=where), line.get("thoughts"), _finish(line, where)
    closes = any(tags.close.lower() in text.lower() for tags in template.tags)
    # A prompt may open thoughts, and some endpoints give the answer alone: then nothing closes them.
    opened = template.opens_thoughts and (closes or finish == "length")
    answer = text if thoughts else split_thoughts(text, template.tags, opened).answer
    raw = f"{thoughts}{text}" if thoughts else text
    tokens = line.get("count") or len(reader.tokenizer(raw, add_special_tokens=False).input_ids)
    return {"id": question.id, "text": answer, "finish": finish, "tokens": tokens, **({} if raw == answer else {"raw": raw})}


def _as_decoded(reader: Reader, settings: InferenceSettings, reply: Reply) -> Reply:
    """The reply as this runtime would have decoded it; `finish` is "open" where it is to be gone on with."""
    budget: ThoughtBudget | None = thought_budget(reader, settings)
    # An end stands among the tokens of some runtimes, not of all.
    ends = [*reply.tokens, *([min(reader.end_ids)] if reply.finish == "stop" else [])]
    tokens: list[int] = []
    own = iter(ends)
    cut = False
    while True:
        token = None if cut else next(own, None)
        if token is None and not (cut and budget.closes(0)):
            return Reply(tokens, "open")
        chosen = budget.next(0, tokens, token) if budget else token
        cut = cut or chosen != token
        if chosen in reader.end_ids:
            return Reply(tokens, "stop")
        tokens.append(chosen)
        if len(tokens) - (budget.spent(0) if budget else 0) >= settings.max_new_tokens:
            return Reply(tokens, "length")
