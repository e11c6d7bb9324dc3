"""What an agent does on the bus: publish, read and write values and objects, and show that it is there."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import Any, TypeVar

from pydantic import BaseModel

from ..errors import TerminalError, reason_of
from ..launch import Launch
from ..log import Log
from ..troubles import Troubles
from . import names
from .kv import Kv, dump
from .link import Link
from .names import Cause, Work
from .objects import Objects
from .work import WorkLoop

M = TypeVar("M", bound=BaseModel)
_header_bytes = 4096


class _Any(BaseModel):
    model_config = {"extra": "allow"}


class Bus:
    """The bus as one agent of one role may use it."""

    def __init__(self, link: Link, launch: Launch, log: Log) -> None:
        self._link = link
        self._launch = launch
        self._log = log
        self.objects = Objects(link)

    def kv(self, bucket: str, schema: type[M]) -> Kv[M]:
        return Kv(self._link, bucket, schema)

    async def publish(self, message: Work, run_id: str, queue: str, id: str, payload: BaseModel, cause: Cause) -> None:
        """Stores a message for whoever works on the queue. The same id again is a duplicate, not a second message (W5)."""
        subject = names.work_subject(message, run_id, queue)
        await self._send(subject, message.tag, run_id, id, dump(payload), cause)

    async def publish_progress(self, run_id: str, id: str, payload: BaseModel) -> None:
        """Stores an event for the readers of the log."""
        await self._send(names.event_subject("progress", run_id), names.progress_tag, run_id, id, dump(payload), None)

    async def _send(self, subject: str, tag: str, run_id: str, id: str, body: bytes, cause: Cause | None) -> None:
        most = self._link.nc.max_payload - _header_bytes
        if len(body) > most:
            raise TerminalError(f"{tag} of {len(body)} bytes exceeds {most}: make fewer or shorter rows in a shard")
        whole_id = f"{run_id}.{id}"
        launch = self._launch
        headers = {
            names.message_id: whole_id,
            names.traceparent: names.traceparent_for(run_id, whole_id, cause),
            names.from_header: f"{launch.role}/{launch.variant}/{launch.instance}",
            names.message_header: tag,
            **({names.cause_header: cause.id} if cause else {}),
        }
        await self._link.store(subject, body, headers, f"stream {names.log_stream}")


class Presence:
    """Shows this process in the bucket ``agents`` while it is there."""

    def __init__(self, link: Link, launch: Launch, log: Log, troubles: Troubles) -> None:
        self._link = link
        self._launch = launch
        self._log = log
        self._troubles = troubles
        self._kv = Kv(link, "agents", _Any)
        self._key = f"{launch.role}.{launch.variant}.{launch.instance}"
        self._started = _iso(time.time())
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.loop: WorkLoop | None = None
        troubles.on_change = self._changed.set

    def start(self) -> None:
        self._task = asyncio.ensure_future(self._keep())

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            try:
                await self._write()
            except Exception as error:  # noqa: BLE001
                self._log.warn("presence not written", reason=reason_of(error))
            try:
                await asyncio.wait_for(self._changed.wait(), self._launch.bus.agentTtlMs / 4000)
            except asyncio.TimeoutError:
                pass

    async def _write(self) -> None:
        loop, launch, now = self.loop, self._launch, self._troubles.now
        plugin = (launch.model_extra or {}).get("plugin") or {}
        value: dict[str, Any] = {
            **({"plugin": {name: plugin[name] for name in ("name", "version", "hash")}} if plugin else {}),
            "waiting": "; ".join(trouble["text"] for trouble in now) if now else None,
            **({"troubles": now} if now else {}),
            "slots": launch.slots,
            "queue": launch.queue or launch.variant,
            "role": launch.role,
            "variant": launch.variant,
            "instance": launch.instance,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "startedAt": self._started,
            "lastMessageAt": _iso(loop.last_message_at) if loop and loop.last_message_at else None,
            "handling": loop.handling_names if loop else [],
            "figures": {"handled": loop.figures.handled if loop else {}, "reconnects": self._link.reconnects},
        }
        await self._kv.put_json(self._key, value)

    async def close(self) -> None:
        """Takes the presence away; one that cannot start leaves it with the reason, until it expires."""
        if self._task:
            self._task.cancel()
        is_left = any(trouble["code"] == "no-start" for trouble in self._troubles.now)
        try:
            await asyncio.wait_for(self._write() if is_left else self._kv.delete(self._key), 1.0)
        except Exception:  # noqa: BLE001
            pass


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds * 1000) % 1000:03d}Z"
