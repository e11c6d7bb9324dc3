"""What an agent's process is handed by its launcher, and how it answers.

The identity is in the environment variable SYLLABUS_AGENT. The launch, secrets included, is one JSON line on standard input; its end
says that the launcher is gone. Why a process cannot work is one JSON line on descriptor 3.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

identity_variable = "SYLLABUS_AGENT"
report_descriptor = 3
_longest_text = 4096
_longest_line = 64 * 2**20


class Identity(BaseModel):
    role: str
    variant: str
    instance: str


class Login(BaseModel):
    user: str | None = None
    password: str | None = Field(default=None, alias="pass")
    nkeySeed: str | None = None


class Tls(BaseModel):
    """Each the path of a PEM file, or its text."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None


class Troubles(BaseModel):
    model_config = ConfigDict(extra="allow")
    awayMs: int = 1000
    consumerMs: int = 3000
    givenBackMs: int = 90_000
    restartedMs: int = 30_000


class Limits(BaseModel):
    """Patience with the server; docs/topology-fields.md describes each."""

    model_config = ConfigDict(extra="allow")
    requestMs: int = 5000
    repeatMs: int = 1000
    silentMs: int = 5000
    staleMs: int = 12_000
    awayMs: int = 60_000
    agentTtlMs: int = 15_000
    troubles: Troubles = Troubles()


class DeliveryChange(BaseModel):
    ackWaitMs: int | None = None
    maxDeliver: int | None = None
    backoffMs: list[int] | None = None


class Launch(Identity):
    """All that one agent process needs to work, and nothing of another role."""

    model_config = ConfigDict(extra="allow")
    servers: str
    credentials: dict[str, Login]
    tls: Tls | None = None
    queue: str | None = None
    slots: int
    options: dict[str, Any] = {}
    home: str
    environment: dict[str, str] = {}
    delivery: dict[str, DeliveryChange] = {}
    drainMs: int
    graceMs: int
    bus: Limits = Limits()
    lastEnd: str | None = None


def identity_from_environment() -> Identity | None:
    text = os.environ.get(identity_variable)
    return Identity.model_validate_json(text) if text else None


async def read_launch(on_gone: Callable[[], None]) -> Launch:
    """The launch. ``on_gone`` is called once standard input ends: the launcher is gone then, however that ended."""
    reader = asyncio.StreamReader(limit=_longest_line)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    line = await reader.readline()

    async def wait_for_end() -> None:
        while await reader.read(2**16):
            pass
        on_gone()

    if not line.endswith(b"\n"):
        on_gone()
    read_launch.end = asyncio.ensure_future(wait_for_end())  # type: ignore[attr-defined]
    return Launch.model_validate(json.loads(line))


def send_report(reason: str, fix: str | None) -> None:
    """Sends the launcher why this process cannot work. A launcher that is gone asks no more."""
    report = {"reason": reason[:_longest_text], **({"fix": fix[:_longest_text]} if fix else {})}
    try:
        os.write(report_descriptor, (json.dumps(report) + "\n").encode())
    except OSError:
        pass
