"""A critic's or planner's function, asked by the process of Syllabus that has the role (docs/agent-protocol.md, "Answer").

That process holds the credentials, and checks what comes back. This one holds none: it
reads one JSON object a line on standard input, and answers on descriptor 3. Standard output is the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import json
import os
import sys
import traceback
from typing import Any

from .declare import CheckRequest, Plan, PlanRequest, Plugin
from .errors import CannotStart, reason_of
from .launch import report_descriptor
from .load import load
from .messages import Program, PublicTask, Row

_longest_line = 64 * 2**20
_longest_printed = 200


def _send(value: dict[str, Any]) -> None:
    data = (json.dumps(value, ensure_ascii=False) + "\n").encode("utf-8", "replace")
    while data:
        data = data[os.write(report_descriptor, data) :]


def answer(target: str) -> int:
    """Answers until standard input ends."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            plugin = load(target)
    except CannotStart as error:
        _send({"is": "failed", "kind": error.kind, "reason": f"{reason_of(error)} {error.fix or ''}".strip()})
        return 2
    os.dup2(2, 1)
    _send({"is": "declared", "declaration": plugin.declaration, "printed": printed.getvalue()[:_longest_printed]})
    asyncio.run(_Answering(plugin).run())
    return 0


class _Answering:
    """Calls by their ids."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin
        self._options: dict[str, Any] = {}
        self._shared: dict[str, Any] = {}
        self._calls: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        reader = asyncio.StreamReader(limit=_longest_line)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
        while line := await reader.readline():
            self._take(json.loads(line))
        for call in self._calls.values():
            call.cancel()

    def _take(self, message: dict[str, Any]) -> None:
        match message["do"]:
            case "open":
                self._options = message["options"]
                _send({"is": "opened"})
            case "share":
                self._shared[message["key"]] = message["value"]
            case "call":
                self._calls[message["id"]] = asyncio.ensure_future(self._call(message))
            case "abort":
                if call := self._calls.get(message["id"]):
                    call.cancel()

    async def _call(self, message: dict[str, Any]) -> None:
        number = message["id"]
        given = {**message["input"], **{name: self._shared[key] for name, key in message.get("shared", {}).items()}}
        try:
            value = await self._made(given)
            json.dumps(value, allow_nan=False)
            _send({"is": "result", "id": number, "value": value})
        except Exception as error:  # noqa: BLE001
            # The whole is for the log, where the author looks for the line.
            traceback.print_exc()
            _send({"is": "error", "id": number, "reason": reason_of(error)})
        finally:
            del self._calls[number]

    async def _made(self, given: dict[str, Any]) -> Any:
        if self._plugin.role == "planner":
            plan = await self._settled(PlanRequest(given, self._options))
            if not isinstance(plan, Plan):
                raise TypeError(f"{self._plugin.name} returned {type(plan).__name__}; return a Plan")
            return {"program": plan.program, "diagnosis": plan.diagnosis}
        task, program = PublicTask.model_validate(given["task"]), Program.model_validate(given["program"])
        rows = [Row.model_validate(row) for row in given["rows"]]
        return await asyncio.gather(*(self._checked(row, task, program) for row in rows))

    async def _checked(self, row: Row, task: PublicTask, program: Program) -> dict[str, Any]:
        why = await self._settled(CheckRequest(row, task, program, self._options))
        if why is not None and not isinstance(why, str):
            raise TypeError(f"{self._plugin.name} returned {type(why).__name__} for row {row.id}; return None, or why it is refused")
        return {"rejected": None} if why is None else {"rejected": "plugin", "why": why}

    async def _settled(self, request: Any) -> Any:
        made = self._plugin.function(request)
        return await made if inspect.isawaitable(made) else made
