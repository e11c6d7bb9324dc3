"""One connection to one account, and requests that go on while the server is away."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import nats
import nats.errors
from nats.aio.client import Client

from ..errors import CannotStart, RetryError, reason_of
from ..launch import Launch, Limits, Tls
from ..log import Log
from ..troubles import Troubles

T = TypeVar("T")

# Refusals that pass by themselves, and those that do not although their status says so; as in bus/retry.ts.
_passes_although = {
    10005, 10007, 10009, 10041, 10096, 10118, 10119, 10124, 10158, 10194, 10195, 10202, 10226,
}  # fmt: skip
_stays_although = {10010, 10023, 10035, 10036, 10063, 10077}
_full = {10002, 10023, 10047}
_longest_pause = 5.0


class ApiError(Exception):
    """What JetStream refuses, by its code."""

    def __init__(self, error: dict[str, Any]) -> None:
        self.status = int(error.get("code", 0))
        self.code = int(error.get("err_code", 0))
        self.description = str(error.get("description", ""))
        super().__init__(f"{self.description} ({self.code})")

    @property
    def passes(self) -> bool:
        if self.code in _passes_although:
            return True
        return self.status in (429, 503) and self.code not in _stays_although

    @property
    def is_held(self) -> bool:
        """The subject holds its one message already: the write was done before."""
        return self.code == 10077 and "messages per subject exceeded" in self.description

    @property
    def is_full(self) -> bool:
        return self.code in _full or (self.code == 10077 and not self.is_held)

    @property
    def is_conflict(self) -> bool:
        return self.code in (10071, 10164)

    @property
    def is_missing(self) -> bool:
        """No such message, or no such stream yet."""
        return self.code in (10037, 10059)


def _passes(error: BaseException) -> bool:
    if isinstance(error, ApiError):
        return error.passes
    return isinstance(error, (nats.errors.Error, asyncio.TimeoutError, ConnectionError, OSError))


class Link:
    """Requests of one user in one account."""

    def __init__(self, nc: Client, limits: Limits, troubles: Troubles, servers: str) -> None:
        self.nc = nc
        self.limits = limits
        self._troubles = troubles
        self._servers = servers
        self.reconnects = 0
        self.reconnected = asyncio.Event()

    @property
    def is_clustered(self) -> bool:
        return bool((self.nc._server_info or {}).get("cluster"))

    async def ask(self, request: Callable[[], Awaitable[T]], about: str) -> T:
        """Asks again while the server is away, for as long as the limits allow; meanwhile that is shown as a trouble."""
        since = time.monotonic()
        pause = 0.1
        key = f"away {about}"
        while True:
            try:
                answer = await request()
                self._troubles.set(key, None)
                return answer
            except Exception as error:  # noqa: BLE001
                if not _passes(error):
                    self._troubles.set(key, None)
                    raise
                waited = time.monotonic() - since
                if self.nc.is_closed or (waited + pause) * 1000 > self.limits.awayMs:
                    seconds = round(self.limits.awayMs / 1000)
                    why = f"The NATS server has not answered about {about} for {seconds} s ({self._servers})"
                    raise RetryError(f"{why}: {reason_of(error)}") from error
                if waited * 1000 >= self.limits.troubles.awayMs:
                    text = f"waits for the NATS server ({about}): {reason_of(error)}"
                    self._troubles.set(key, {"code": "server-away", "text": text})
                await asyncio.sleep(pause)
                pause = min(2 * pause, 1.0)

    async def api(self, subject: str, body: Any, about: str) -> dict[str, Any]:
        """An answer of JetStream's interface. @raises ApiError"""

        async def request() -> dict[str, Any]:
            message = await self.nc.request(subject, json.dumps(body).encode(), timeout=self.limits.requestMs / 1000)
            answer: dict[str, Any] = json.loads(message.data)
            if "error" in answer:
                raise ApiError(answer["error"])
            return answer

        return await self.ask(request, about)

    async def store(self, subject: str, body: bytes, headers: dict[str, str], about: str) -> dict[str, Any]:
        """Stores a message; while there is no room it waits, says so, and goes on: nothing is dropped."""

        async def request() -> dict[str, Any]:
            message = await self.nc.request(
                subject, body, timeout=self.limits.requestMs / 1000, headers=headers
            )
            answer: dict[str, Any] = json.loads(message.data)
            if "error" in answer:
                raise ApiError(answer["error"])
            return answer

        pause = 0.2
        while True:
            try:
                answer = await self.ask(request, about)
                self._troubles.set("room", None)
                return answer
            except ApiError as error:
                if not error.is_full:
                    raise
                fix = "Free disk space, or raise the limits under storage in the topology."
                text = f"nothing is stored until there is room: {error}"
                self._troubles.set("room", {"code": "no-room", "text": text, "fix": fix})
                await asyncio.sleep(pause)
                pause = min(2 * pause, _longest_pause)


def _tls_context(tls: Tls) -> ssl.SSLContext:
    """Files are read, texts are written to files of this process alone for as long as the context is made."""
    paths: dict[str, str] = {}
    made: list[str] = []
    try:
        for field, value in (("ca", tls.ca), ("cert", tls.cert), ("key", tls.key)):
            if value is None:
                continue
            if "-----BEGIN " in value:
                descriptor, path = tempfile.mkstemp()
                made.append(path)
                with os.fdopen(descriptor, "w") as file:
                    file.write(value)
                value = path
            paths[field] = value
        context = ssl.create_default_context(cafile=paths.get("ca"))
        if "cert" in paths and "key" in paths:
            context.load_cert_chain(paths["cert"], paths["key"])
        return context
    finally:
        for path in made:
            os.unlink(path)


async def open_link(launch: Launch, log: Log, troubles: Troubles) -> Link:
    """Connects to LAB, the account of generators, critics and planners."""
    login = launch.credentials.get("LAB")
    if login is None:
        raise CannotStart(f"{launch.role} has no credentials for account LAB")
    limits = launch.bus
    link: Link | None = None

    async def on_reconnected() -> None:
        log.info("bus reconnected", account="LAB")
        if link is not None:
            link.reconnects += 1
            link.reconnected.set()
            link.reconnected = asyncio.Event()

    async def on_disconnected() -> None:
        log.warn("bus disconnected", account="LAB")

    async def on_error(error: Exception) -> None:
        log.error("bus error", account="LAB", reason=reason_of(error))

    options: dict[str, Any] = {}
    if login.nkeySeed:
        options["nkeys_seed_str"] = login.nkeySeed
    elif login.user:
        options["user"], options["password"] = login.user, login.password
    servers = launch.servers.split(",")
    if launch.tls or any(server.startswith("tls://") for server in servers):
        options["tls"] = _tls_context(launch.tls or Tls())
    silent = min(limits.silentMs / 3, limits.awayMs / 6) if len(servers) > 1 else limits.awayMs / 6
    since = time.monotonic()
    while True:
        try:
            nc = await nats.connect(
                servers=servers,
                name=f"{launch.role}/{launch.variant}/{launch.instance}",
                inbox_prefix=f"_INBOX_{launch.role}".encode(),
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,
                connect_timeout=limits.requestMs / 1000,
                ping_interval=max(1, round(silent / 1000)),
                allow_reconnect=True,
                reconnected_cb=on_reconnected,
                disconnected_cb=on_disconnected,
                error_cb=on_error,
                **options,
            )
            break
        except Exception as error:  # noqa: BLE001
            if (time.monotonic() - since) * 1000 > limits.awayMs:
                raise RetryError(f"The NATS server at {launch.servers} does not answer: {reason_of(error)}") from error
            await asyncio.sleep(0.5)
    link = Link(nc, limits, troubles, launch.servers)
    return link
