"""Reads the JSON-lines files that requests name."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import fields
from .errors import RequestError, failing_as


@dataclass(frozen=True)
class Row:
    id: str
    instruction: str
    input: str
    output: str


@dataclass(frozen=True)
class Question:
    id: str
    instruction: str
    input: str
    examples: tuple[tuple[str, str], ...]


def read_rows(path: str) -> list[Row]:
    return _read(path, _row)


def read_questions(path: str) -> list[Question]:
    return _read(path, _question)


def read_texts(path: str) -> list[str]:
    texts = [_text(line, "text", where) for where, line in read_objects(path)]
    if not texts:
        raise RequestError("bad_dataset", f"{path} holds no texts")
    return texts


def _text(line: dict, name: str, where: str) -> str:
    """An id stays as it is, since it is looked for again; half a character in another text has no tokens."""
    text = fields.text(line, name, kind="bad_dataset", where=where)
    return text if name == "id" else fields.whole_text(text)


def read_objects(path: str):
    with failing_as("bad_dataset", f"{path} cannot be read", (OSError, UnicodeDecodeError)):
        content = Path(path).read_text(encoding="utf-8")
    for n, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}:{n}: "
        with failing_as("bad_dataset", f"{where}not JSON", ValueError):
            parsed = json.loads(line)
        if not isinstance(parsed, dict):
            raise RequestError("bad_dataset", f"{where}each line must be an object")
        yield where, parsed


def _row(line: dict, where: str) -> Row:
    row = Row(*(_text(line, name, where) for name in ("id", "instruction", "input", "output")))
    if not row.output.strip():
        raise RequestError("bad_dataset", f"{where}row {row.id!r} has an empty output, so there is nothing to learn from it")
    return row


def _question(line: dict, where: str) -> Question:
    texts = [_text(line, name, where) for name in ("id", "instruction", "input")]
    examples = line.get("examples") or []
    if not isinstance(examples, list) or not all(isinstance(e, dict) for e in examples):
        raise RequestError("bad_dataset", f"{where}field 'examples' must be a list of objects")
    return Question(*texts, tuple((_text(e, "input", where), _text(e, "output", where)) for e in examples))


def _read(path: str, make: Callable) -> list:
    rows = []
    for where, line in read_objects(path):
        rows.append(row := make(line, where))
        if not (row.instruction.strip() or row.input.strip()):
            raise RequestError("bad_dataset", f"{where}{row.id!r} has neither an instruction nor an input")
    if not rows:
        raise RequestError("bad_dataset", f"{path} holds no rows")
    if len({row.id for row in rows}) != len(rows):
        raise RequestError("bad_dataset", f"{path} holds two rows with the same id")
    return rows
