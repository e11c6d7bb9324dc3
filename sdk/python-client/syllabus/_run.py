from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any, Generic, TypeVar

from ._command import Command, Json, Place, words_of
from ._errors import SyllabusError
from ._events import EVENT_TYPES, Event
from ._progress import Bar, in_notebook
from ._stored import StoredRun

Result = TypeVar("Result")

USUAL_BUFFER = 10_000


class RunResult(StoredRun):
    """A run that came to rest. Its rows, row, answers, events and frame are read as those of `read_run`."""

    def __init__(self, run_id: str, place: Place, status: str, files: Json | None) -> None:
        super().__init__(run_id, place)
        self.status = status
        """`finished`; or `stopped`, where another command stopped it: then there is no report yet."""
        self.files = files
        self.data: Json | None = json.loads(Path(files["json"]).read_text(encoding="utf-8")) if files else None
        """What report.json holds; None where there is none."""

    @property
    def conclusion(self) -> dict[str, str]:
        """The sentences of the report, each only as strong as its interval carries."""
        claims = (self.data or {}).get("conclusion", {})
        return {name: claim["sentence"] for name, claim in claims.items() if isinstance(claim, dict) and claim.get("sentence")}

    @property
    def attempts(self) -> list[Json]:
        """One dataset each, with its student's score on validation and its training."""
        data = self.data or {"datasets": [], "studentModels": []}
        students = {student["studentModel"]: student for student in data["studentModels"]}
        named = [(each, students.get(f"attempt-{each['attempt']}", {})) for each in data["datasets"] if each["attempt"] > 0]
        return [{**each, "validation": own.get("validation"), "training": own.get("training")} for each, own in named]

    def _repr_html_(self) -> str:
        sentences = "".join(f"<li>{escape(text)}</li>" for text in self.conclusion.values())
        rows = "".join(
            f"<tr><td>{each['attempt']}</td><td>{each['admitted']}</td><td>{_score(each)}</td></tr>" for each in self.attempts
        )
        table = f"<table><tr><th>attempt</th><th>rows</th><th>right on validation</th></tr>{rows}</table>" if rows else ""
        return f"<div><b>run {escape(self.run_id)}</b>: {escape(self.status)}<ul>{sentences}</ul>{table}</div>"

    def __repr__(self) -> str:
        return f"RunResult({self.run_id!r}, status={self.status!r}, attempts={len(self.attempts)})"


def _score(attempt: Json) -> str:
    overall = (attempt["validation"] or {}).get("overall", {}).get("strict")
    return f"{overall['correct']} of {overall['total']}" if overall and "correct" in overall else "–"


class Generated(StoredRun):
    """Rows that were made without a training."""

    def __init__(self, run_id: str, place: Place, out: Path) -> None:
        super().__init__(run_id, place)
        self.out = out
        """The folder with the rows."""
        self.generation: Json = json.loads((out / "generation.json").read_text(encoding="utf-8"))
        """What generation.json holds: counts, calls, tokens, money and what stopped it."""

    def _repr_html_(self) -> str:
        facts = self.generation
        counts = {
            "rows": f"{facts['rows']} of {facts['wanted']}",
            "calls": facts["spent"]["calls"],
            "tokens": facts["spent"]["inputTokens"] + facts["spent"]["outputTokens"],
            "dollars": "not known" if facts["money"] is None else f"{facts['money']:.2f}",
            "ended": facts["why"],
        }
        rows = "".join(f"<tr><td>{name}</td><td>{escape(str(value))}</td></tr>" for name, value in counts.items())
        return f"<div><b>rows of {escape(self.run_id)}</b><table>{rows}</table></div>"

    def __repr__(self) -> str:
        return f"Generated({self.run_id!r}, rows={self.generation['rows']}, out={str(self.out)!r})"


class Going(Generic[Result]):
    """Work that goes on. Its events can be read once; `result` waits for its end, whether they are read or not."""

    def __init__(self, args: Sequence[str], place: Place, result_of: Callable[[str, str, Json | None], Result], buffer: int) -> None:
        self._command = Command(args, place)
        self._result_of = result_of
        self._waiting: deque[Event] = deque()
        self._buffer = buffer
        self._dropped = 0
        self._moved = threading.Condition()
        self._ended = False
        self._status = "running"
        self._files: Json | None = None
        self._error: BaseException | None = None
        self._result: Result | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for line in self._command.lines():
                kind = str(line.get("type", ""))
                if kind not in EVENT_TYPES:
                    continue
                with self._moved:
                    if kind == "run":
                        self._command.run_id = line["runId"]
                    elif kind == "report":
                        self._files = {name: line[name] for name in ("html", "md", "json")}
                    elif kind == "message" and line["name"] == "status-changed":
                        self._status = line["payload"]["status"]
                    self._waiting.append(Event(kind, line))
                    if len(self._waiting) > self._buffer:
                        self._waiting.popleft()
                        self._dropped += 1
                    self._moved.notify_all()
            self._result = self._result_of(self._command.run_id or "", self._status, self._files)
        except BaseException as error:
            self._error = error
        with self._moved:
            self._ended = True
            self._moved.notify_all()

    @property
    def run_id(self) -> str | None:
        """The run's name; None until it has one."""
        return self._command.run_id

    def stop(self) -> None:
        """Asks it to finish what is in hand and to rest. Then `result` raises a RunInterruptedError."""
        self._command.stop()

    def __iter__(self) -> Iterator[Event]:
        """The events, in order. Raises what `result` raises, at the end. Ctrl-C stops the run in order, and is raised once it rests."""
        while (event := self._interruptibly(self._next)) is not None:
            yield event
        if self._error:
            raise self._error

    def _next(self) -> Event | None:
        with self._moved:
            while not self._waiting and not self._dropped and not self._ended:
                self._moved.wait()
            if self._dropped:
                event = Event("dropped", {"type": "dropped", "events": self._dropped})
                self._dropped = 0
                return event
            return self._waiting.popleft() if self._waiting else None

    def _interruptibly(self, wait: Callable[[], Any]) -> Any:
        try:
            return wait()
        except KeyboardInterrupt:
            self.stop()
            self._wait()
            raise

    def _wait(self) -> None:
        with self._moved:
            while not self._ended:
                self._moved.wait()

    def result(self, progress: bool | None = None) -> Result:
        """Waits for the end. In a notebook a bar shows how far it is, unless `progress` is False. Raises a SyllabusError."""
        if in_notebook() if progress is None else progress:
            bar = Bar()
            try:
                for event in self:
                    bar.take(event)
            except (SyllabusError, KeyboardInterrupt) as error:
                bar.end(str(error).split("\n")[0] or "interrupted")
                raise
            bar.end(f"{self.run_id} is over")
        else:
            self._interruptibly(self._wait)
        if self._error:
            raise self._error
        assert self._result is not None
        return self._result

    def __enter__(self) -> Going[Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._wait()


def run(task: str | os.PathLike[str] | None = None, *, place: Place | None = None, buffer: int = USUAL_BUFFER, **options: Any) -> Going[RunResult]:
    """Runs a task from start to report, as `syllabus run` does; left out, the task is the demonstration.

    Options are those of the command line with underscores: `topology="llm"`, `model="my-model"`, `rows=200`, `attempts=2`, `budget=500`,
    `seed=1`, `quick=True`, `run_id="mine"`, `tracker=["mlflow"]`, `retention=False`.
    """
    at = place or Place()
    return Going(
        ["run", "--json", *words_of(options), *([] if task is None else ["--", os.fspath(task)])],
        at,
        lambda run_id, status, files: RunResult(run_id, at, status, files),
        buffer,
    )


def generate(
    task: str | os.PathLike[str] | None = None,
    *,
    rows: int,
    out: str | os.PathLike[str],
    place: Place | None = None,
    buffer: int = USUAL_BUFFER,
    **options: Any,
) -> Going[Generated]:
    """Makes rows alone, as `syllabus generate` does. The same call goes on with what the folder `out` holds.

    Options are those of the command line with underscores: `model="my-model"`, `program="p.yaml"`, `budget=400`, `seed=1`.
    """
    at = place or Place()
    folder = Path(at.cwd or Path.cwd(), out)
    words = words_of({"rows": rows, "out": out, **options})
    return Going(
        ["generate", "--json", *words, *([] if task is None else ["--", os.fspath(task)])],
        at,
        lambda run_id, status, files: Generated(run_id, at, folder),
        buffer,
    )


def estimate(task: str | os.PathLike[str] | None = None, *, place: Place | None = None, **options: Any) -> Json:
    """What a run, or with `generate=True` rows alone, would probably take; nothing is started or paid. `plan` is the hash of exactly that."""
    words = ["estimate", "--json", *words_of(options), *([] if task is None else ["--", os.fspath(task)])]
    answer: Json | None = None
    try:
        for answer in Command(words, place or Place()).lines():
            pass
    except SyllabusError:
        # Of a plan beyond a limit the command says so by its exit code, too.
        if answer is None:
            raise
    assert answer is not None
    return answer
