"""What keeps this process from its work; shown with its presence."""

from __future__ import annotations

from collections.abc import Callable


class Troubles:
    """Each under a key of whoever finds it: ``{"code": …, "text": …, "fix": …}``."""

    def __init__(self) -> None:
        self._held: dict[str, dict[str, str]] = {}
        self.on_change: Callable[[], None] = lambda: None

    def set(self, key: str, trouble: dict[str, str] | None) -> None:
        if self._held.get(key) == trouble:
            return
        if trouble is None:
            self._held.pop(key, None)
        else:
            self._held[key] = trouble
        self.on_change()

    @property
    def now(self) -> list[dict[str, str]]:
        return list(self._held.values())
