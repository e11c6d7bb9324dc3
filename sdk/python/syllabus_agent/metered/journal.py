"""Paid replies, written before they are used and never changed (agents/kit/metered/journal.ts)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Any

import rfc8785
from pydantic import BaseModel, ConfigDict

from ..bus.kv import Kv
from .ownership import Ownership
from .teacher import Failure, Reply, Teacher, TeacherStopped


class JournalEntry(BaseModel):
    """How a paid call ended: with ``reply``, or with ``failure``."""

    model_config = ConfigDict(extra="allow")
    promptHash: str
    endpoint: str | None = None
    stage: str
    calls: int = 1
    billed: dict[str, int] | None = None
    reply: Reply | None = None
    failure: Failure | None = None


def prompt_hash_of(model: str, request: dict[str, Any]) -> str:
    """SHA-256 of what a reply depends on: the model and everything it was asked, as canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps({"model": model, **_whole(request)})).hexdigest()


def _whole(value: Any) -> Any:
    """Numbers as JSON has them: 1.0 is 1."""
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Journal:
    """The calls of one piece of work, each read from the journal before it is paid."""

    def __init__(
        self, kv: Kv[JournalEntry], key: str, ownership: Ownership, teacher: Teacher, role: str, before: Iterable[str]
    ) -> None:
        self._kv = kv
        self._key = key
        self._ownership = ownership
        self._teacher = teacher
        self._role = role
        self._before = set(before)
        self._lines: list[dict[str, Any]] = []
        self._lost = ownership.earlier
        self._under_way: set[asyncio.Task[JournalEntry]] = set()

    async def call(self, name: str, request: dict[str, Any], stage: str) -> JournalEntry:
        """Asks once under a name of the work. What is paid for gets its entry, also where the caller is cancelled."""
        calling = asyncio.ensure_future(self._make(name, request, stage))
        self._under_way.add(calling)
        calling.add_done_callback(self._under_way.discard)
        return await asyncio.shield(calling)

    async def settled(self) -> None:
        """Waits until every call that is under way has its entry. Never raises."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _make(self, name: str, request: dict[str, Any], stage: str) -> JournalEntry:
        prompt_hash = prompt_hash_of(self._teacher.model, request)
        key = f"{self._key}.{name}-{prompt_hash[:32]}"
        held = await self._kv.get(key) if key in self._before else None
        if held is not None:
            calls = min(self._lost, held.value.calls)
            self._lost -= calls
            self._note(held.value, stage, calls)
            return held.value
        calls = 0

        async def take() -> bool:
            nonlocal calls
            taken = await self._ownership.take()
            calls += 1 if taken else 0
            return taken

        def put_back() -> None:
            nonlocal calls
            calls -= 1
            self._ownership.put_back()

        ended = await self._teacher.ask(request, take, put_back)
        made = {"promptHash": prompt_hash, "endpoint": self._teacher.host, "stage": stage, "calls": calls}
        kind = "reply" if isinstance(ended, Reply) else "failure"
        entry = JournalEntry.model_validate({**made, kind: ended.model_dump(exclude_none=True)})
        # An owner before this one may have written its reply late: the first one counts, for everybody.
        if await self._kv.create(key, entry) is None:
            stored = await self._kv.get(key)
            entry = stored.value if stored else entry
        self._note(entry, stage, calls)
        return entry

    def _note(self, entry: JournalEntry, stage: str, calls: int) -> None:
        reply, billed = entry.reply, entry.billed or {}
        self._lines.append(
            {
                "role": self._role,
                "model": self._teacher.model,
                **({"endpoint": entry.endpoint} if entry.endpoint else {}),
                "stage": stage,
                "calls": calls,
                "inputTokens": (reply.inputTokens if reply else 0) + billed.get("input", 0),
                "outputTokens": (reply.outputTokens if reply else 0) + billed.get("output", 0),
                **({"estimated": 1} if reply and reply.estimated else {}),
            }
        )

    def spent(self) -> dict[str, Any]:
        """What all owners of the work spent so far."""
        lines = list(self._lines)
        if self._lost > 0:
            stage = "unanswered" if self._ownership.is_earlier_exact else "lost"
            payer = {"role": self._role, "model": self._teacher.model}
            lines.append({**payer, "stage": stage, "calls": self._lost, "inputTokens": 0, "outputTokens": 0})
        return spent_on(lines)


_counts = ("calls", "inputTokens", "outputTokens")


def spent_on(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Lines together, one for each role, model, endpoint and stage, with their totals."""
    together: dict[tuple[str, ...], dict[str, Any]] = {}
    for line in lines:
        key = tuple(str(line.get(name, "")) for name in ("role", "model", "endpoint", "stage"))
        if key not in together:
            together[key] = dict(line)
            continue
        for name in (*_counts, "estimated"):
            if name in line:
                together[key][name] = together[key].get(name, 0) + line[name]
    summed = [together[key] for key in sorted(together)]
    return {**{name: sum(line[name] for line in summed) for name in _counts}, "lines": summed}


__all__ = ["Journal", "JournalEntry", "TeacherStopped", "prompt_hash_of", "spent_on"]
