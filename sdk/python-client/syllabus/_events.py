from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EVENT_TYPES = frozenset({"message", "run", "page", "progress", "line", "report", "tracked", "dropped"})


@dataclass(frozen=True)
class Event:
    """What happens while a run goes on: `type` says what kind, `data` has all of it.

    A `message` is one of the run's log, with the description that the live page shows: `name`, `seq`, `title`, `text`, `payload`.
    `progress` has `label`, `done` and `total` in `data`; `line` is what the command line would print.
    """

    type: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """Of a message: which it is, such as `decision`, `verdict` or `report`."""
        return str(self.data.get("name", ""))

    @property
    def seq(self) -> int | None:
        """Of a message: its place in the log."""
        return self.data.get("seq")

    @property
    def title(self) -> str:
        """Of a message: what it is about."""
        return str(self.data.get("description", {}).get("title", self.type))

    @property
    def text(self) -> str:
        """Of a message: what happened. Of a line: itself."""
        return str(self.data.get("description", {}).get("text", self.data.get("text", "")))

    @property
    def payload(self) -> dict[str, Any]:
        """Of a message: all that it holds (docs/messages.md)."""
        return dict(self.data.get("payload", {}))

    def __str__(self) -> str:
        return f"{self.title}: {self.text}" if self.text else self.title
