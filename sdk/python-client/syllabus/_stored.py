from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._command import Json, Place, ask, ask_lines, words_of
from ._errors import BadInputError
from ._events import Event

if TYPE_CHECKING:
    import pandas


class StoredRun:
    """A run of a home, as far as it has come. Each call reads anew; nothing is read before one."""

    def __init__(self, run_id: str, place: Place) -> None:
        self.run_id = run_id
        self._place = place

    def summary(self) -> Json:
        """Its status, attempts, what it has spent, and the command that goes on with it."""
        for found in list_runs(self._place):
            if found["runId"] == self.run_id:
                return found
        raise BadInputError(2, f"There is no run {self.run_id} in this home.", "list_runs() has those that there are.", self.run_id)

    def report(self) -> Json:
        """Writes the report from the log, and gives what report.json holds. Of a run that makes rows alone there is none."""
        answer = ask(["report", self.run_id, "--json"], self._place)
        report: Json = json.loads(Path(answer["json"]).read_text(encoding="utf-8"))
        return report

    def rows(
        self,
        *,
        admitted: bool = False,
        refused: bool = False,
        search: str | None = None,
        source: str | None = None,
        attempt: int | None = None,
    ) -> Iterator[Json]:
        """Its rows, in the order in which they were decided on."""
        options = {"admitted": admitted, "refused": refused, "search": search, "source": source, "attempt": attempt}
        return ask_lines(["rows", self.run_id, "--json", *words_of(options)], self._place)

    def row(self, row_id: str) -> Json:
        """One row with its prompt, the replies of the teacher, and the row that it repeats."""
        return ask(["rows", self.run_id, "--json", f"--row={row_id}"], self._place)

    def answers(self) -> Iterator[Json]:
        """What each student model answered on validation. Sealed sets are in none of it."""
        return ask_lines(["answers", self.run_id, "--json"], self._place)

    def events(self, *, start: int | None = None, follow: bool = False) -> Iterator[Event]:
        """The messages of its log from a place on; with `follow` until the run rests."""
        words = words_of({"from": start, "follow": follow})
        lines = ask_lines(["events", self.run_id, "--json", *words], self._place)
        return (Event("message", line) for line in lines if line.get("type") == "message")

    def frame(self, **filters: Any) -> pandas.DataFrame:
        """Its rows as a pandas frame: a row each, with its texts beside what became of it. Takes what `rows` takes."""
        try:
            import pandas
        except ImportError as error:
            raise BadInputError(2, "pandas is not installed.", "Install it: pip install 'syllabus-client[pandas]'.") from error
        columns = ["id", "attempt", "source", "status", "reason", "why", "duplicateOf", "skill", "instruction", "input", "output"]
        found = [{**line, **_texts(line)} for line in self.rows(**filters)]
        return pandas.DataFrame.from_records(found, columns=columns)


def _texts(line: Json) -> Json:
    row = line.get("row") or {}
    return {name: row.get(name) for name in ("skill", "instruction", "input", "output")}


def read_run(run_id: str, place: Place | None = None) -> StoredRun:
    """Reads a run that is stored in a home, whether it goes on or is over."""
    return StoredRun(run_id, place or Place())


def list_runs(place: Place | None = None) -> list[Json]:
    """The runs of a home; none where no run was ever started in it."""
    runs: list[Json] = ask(["status", "--json"], place or Place())["runs"]
    return runs
