"""JSON lines on standard error, in the form of the other agents' logs."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

_levels = {"debug": 20, "info": 30, "warn": 40, "error": 50, "fatal": 60}


class Log:
    """Writes one JSON line for each event. Never raises: a full disk must not end the agent."""

    def __init__(self, **bindings: str) -> None:
        self._bindings = bindings
        self._least = _levels.get(os.environ.get("SYLLABUS_LOG_LEVEL", "info"), 30)

    def _write(self, level: str, message: str, fields: dict[str, Any]) -> None:
        if _levels[level] < self._least:
            return
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
        line = {"level": _levels[level], "time": stamp, **self._bindings, **fields, "msg": message}
        try:
            print(json.dumps(line, ensure_ascii=False, default=str), file=sys.stderr, flush=True)
        except OSError:
            pass

    def debug(self, message: str, **fields: Any) -> None:
        self._write("debug", message, fields)

    def info(self, message: str, **fields: Any) -> None:
        self._write("info", message, fields)

    def warn(self, message: str, **fields: Any) -> None:
        self._write("warn", message, fields)

    def error(self, message: str, **fields: Any) -> None:
        self._write("error", message, fields)

    def fatal(self, message: str, **fields: Any) -> None:
        self._write("fatal", message, fields)
