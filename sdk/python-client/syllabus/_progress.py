"""A bar in a notebook. Nothing of it is loaded elsewhere."""

from __future__ import annotations

import sys
from html import escape
from importlib import import_module
from typing import Any

from ._events import Event


def in_notebook() -> bool:
    """Whether a kernel runs this program, so that somebody sees HTML."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"


class Bar:
    """The last thing that happened, and how far the work at hand is."""

    def __init__(self) -> None:
        self._title = "starting"
        self._text = ""
        self._done = 0.0
        self._total = 0.0
        self._page = ""
        # Not imported: it is there only where a kernel runs this program.
        display: Any = import_module("IPython.display")
        self._handle: Any = display.display(self, display_id=True)

    def take(self, event: Event) -> None:
        if event.type == "progress":
            self._title, self._text = str(event.data["label"]), ""
            self._done, self._total = float(event.data["done"]), float(event.data["total"])
        elif event.type == "message" and event.name not in ("shard", "batch", "progress"):
            self._title, self._text = event.title, event.text.split("\n")[0]
        elif event.type == "page":
            self._page = str(event.data["url"])
        else:
            return
        self._handle.update(self)

    def end(self, title: str) -> None:
        self._title, self._text, self._total = title, "", 0.0
        self._handle.update(self)

    def _repr_html_(self) -> str:
        bar = f'<progress value="{self._done}" max="{self._total}"></progress> ' if self._total else ""
        page = f' · <a href="{escape(self._page)}">live page</a>' if self._page else ""
        text = f": {escape(self._text)}" if self._text else ""
        return f"<div>{bar}<b>{escape(self._title)}</b>{text}{page}</div>"

    def __repr__(self) -> str:
        return f"{self._title}: {self._text}"
