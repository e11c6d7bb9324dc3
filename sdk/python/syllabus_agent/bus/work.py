"""The work loop. Its invariants are those of bus/work-loop.ts:

W1 one pulled message per free slot: no worker holds a message that it is not working on.
W2 a heartbeat every third of the ack wait while a handler runs.
W3 stop in two steps: intake ends and handlers may finish, then what still runs is cancelled and given back.
W4 a terminated or exhausted message becomes a dead letter.
W5 each publish has a deterministic message id, and handlers are idempotent beyond the duplicate window.
W6 a message that comes again while it is worked on is not begun a second time: the work goes on under the newest delivery.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import NotOwner, RetryError, StoppingError, TerminalError, reason_of
from ..launch import Launch
from ..log import Log
from ..troubles import Troubles
from . import names
from .link import Link
from .names import Cause, Work
from .pull import Delivery, Puller

_longest_reason = 1000


@dataclass
class MessageContext:
    """What a handler knows about its message."""

    run_id: str
    id: str
    attempt: int
    cause: Cause


@dataclass
class Figures:
    """What the process has handled so far."""

    handled: dict[str, dict[str, float]] = field(default_factory=dict)

    def count(self, name: str, outcome: str, seconds: float) -> None:
        counts = self.handled.setdefault(name, {"done": 0, "again": 0, "back": 0, "dead": 0, "seconds": 0})
        counts[outcome] += 1
        counts["seconds"] += seconds


Handler = Callable[[dict[str, Any], MessageContext], Awaitable[None]]


class WorkLoop:
    """Works on one queue of one message until ``stop`` is set."""

    def __init__(
        self,
        link: Link,
        message: Work,
        handler: Handler,
        launch: Launch,
        log: Log,
        troubles: Troubles,
        stop: asyncio.Event,
    ) -> None:
        self._link = link
        self._message = message
        self._handler = handler
        self._launch = launch
        self._log = log
        self._troubles = troubles
        self._stop = stop
        self._is_forced = False
        change = launch.delivery.get(message.name)
        self._ack_wait = ((change and change.ackWaitMs) or message.ack_wait_ms) / 1000
        self._max_deliver = (change and change.maxDeliver) or message.max_deliver
        self._backoff = (change and change.backoffMs) or list(message.backoff_ms)
        self.handling: dict[int, Delivery] = {}
        self.figures = Figures()
        self.last_message_at: float | None = None
        self._failed = 0

    async def run(self) -> None:
        """Works, drains, and resolves once nothing is in hand any more. Never raises."""
        slots = [asyncio.ensure_future(self._keep_slot()) for _ in range(self._launch.slots)]
        await self._stop.wait()
        _, left = await asyncio.wait(slots, timeout=self._launch.drainMs / 1000)
        if left:
            self._log.warn("handlers are cancelled: the time to drain is used up", handling=self.handling_names)
            self._is_forced = True
            for slot in left:
                slot.cancel()
            await asyncio.wait(left, timeout=self._launch.graceMs / 1000)

    @property
    def handling_names(self) -> list[str]:
        return [f"{self._message.name} {seq}" for seq in self.handling]

    async def _keep_slot(self) -> None:
        durable = names.durable_name(self._message, self._launch.queue or self._launch.variant)
        puller = Puller(self._link, names.log_stream, durable)
        missing_since: float | None = None
        try:
            while not self._stop.is_set():
                try:
                    delivery = await puller.pull(self._stop)
                    missing_since = self._watch(puller.status, durable, missing_since)
                    if delivery is not None:
                        await self._take(delivery)
                except asyncio.CancelledError:
                    raise
                except Exception as error:  # noqa: BLE001
                    self._log.error("a slot failed and starts again", reason=reason_of(error))
                    await asyncio.sleep(0.5)
        finally:
            await puller.close()

    def _watch(self, status: int | None, durable: str, since: float | None) -> float | None:
        if status is None:
            self._troubles.set("consumers", None)
            return None
        since = since if since is not None else time.monotonic()
        if (time.monotonic() - since) * 1000 > self._launch.bus.troubles.consumerMs:
            text = f"is handed nothing: its consumer {durable} does not answer ({status})"
            fix = "Where the server is there, its consumers were removed: the next start of a session makes them."
            self._troubles.set("consumers", {"code": "server-away", "text": text, "fix": fix})
        return since

    async def _take(self, delivery: Delivery) -> None:
        self.last_message_at = time.time()
        in_hand = self.handling.get(delivery.seq)
        if in_hand is not None:
            in_hand.attempt, in_hand.reply = delivery.attempt, delivery.reply
            self._log.info("came again while it is worked on", handling=delivery.seq, attempt=delivery.attempt)
            return
        self.handling[delivery.seq] = delivery
        try:
            await self._handle(delivery)
        finally:
            del self.handling[delivery.seq]

    async def _beat(self, delivery: Delivery) -> None:
        while True:
            await asyncio.sleep(self._ack_wait / 3)
            if not self._link.nc.is_closed:
                await self._link.nc.publish(delivery.reply, b"+WPI")

    async def _answer(self, delivery: Delivery, text: str) -> None:
        about = f"stream {names.log_stream}"
        timeout = self._launch.bus.requestMs / 1000
        await self._link.ask(lambda: self._link.nc.request(delivery.reply, text.encode(), timeout=timeout), about)

    async def _handle(self, delivery: Delivery) -> None:
        started = time.monotonic()
        headers = delivery.message.headers or {}
        tokens = delivery.message.subject.split(".")
        run_id = tokens[1] if len(tokens) > 1 else ""
        whole_id = headers.get(names.message_id, "")
        line = {"type": self._message.name, "run": run_id, "id": whole_id, "attempt": delivery.attempt}
        heartbeat = asyncio.ensure_future(self._beat(delivery))
        reason = None
        try:
            cause = Cause(whole_id, headers.get(names.traceparent, ""))
            context = MessageContext(run_id, whole_id, delivery.attempt, cause)
            await self._handler(self._read(delivery), context)
            outcome = "done"
            await self._answer(delivery, "+ACK")
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001
            outcome, reason, answer = self._judge(error, delivery)
            try:
                await self._answer(delivery, answer)
            except Exception as fault:  # noqa: BLE001
                self._log.error("the server did not take the answer; the message comes again", reason=reason_of(fault))
        finally:
            heartbeat.cancel()
        seconds = time.monotonic() - started
        self.figures.count(self._message.name, outcome, seconds)
        self._note(outcome, reason)
        write = self._log.info if outcome == "done" else self._log.warn
        write("handled", **line, ms=round(seconds * 1000), outcome=outcome, **({"reason": reason} if reason else {}))

    def _note(self, outcome: str, reason: str | None) -> None:
        """Messages that come back again and again are shown as a trouble."""
        key = f"message {self._message.name}"
        self._failed = self._failed + 1 if outcome == "again" else 0
        if self._failed >= 2:
            self._troubles.set(key, {"code": "given-back", "text": f"gives back each {self._message.name}: {reason}"})
        elif outcome in ("done", "dead"):
            self._troubles.set(key, None)

    def _read(self, delivery: Delivery) -> dict[str, Any]:
        headers = delivery.message.headers or {}
        if names.server_copy in headers:
            raise TerminalError("forged: the server copied this message here on a client's behalf")
        tag = headers.get(names.message_header, "")
        if tag != self._message.tag:
            read = f"only {self._message.tag} is read here"
            raise TerminalError(f'does not parse: the header names "{tag[:200]}", and {read}; update the older of both')
        try:
            payload = json.loads(delivery.message.data)
        except (ValueError, RecursionError) as error:
            raise TerminalError("does not parse: the payload is not JSON") from error
        if not isinstance(payload, dict):
            raise TerminalError("does not parse: the payload is no object")
        return payload

    def _judge(self, error: BaseException, delivery: Delivery) -> tuple[str, str, str]:
        reason = reason_of(error) if not isinstance(error, asyncio.CancelledError) else "the process stops"

        def dead(text: str) -> tuple[str, str, str]:
            return "dead", text, f"+TERM {' '.join(text.split())[:_longest_reason]}"

        if isinstance(error, TerminalError):
            return dead(reason)
        if delivery.attempt >= self._max_deliver:
            return dead(f"gave up after {delivery.attempt} deliveries: {reason}")
        if self._is_forced or isinstance(error, (StoppingError, asyncio.CancelledError)):
            return "back", reason, "-NAK"
        after = self._backoff[min(delivery.attempt, len(self._backoff)) - 1] if self._backoff else 0
        if isinstance(error, RetryError) and error.after_ms is not None:
            after = error.after_ms
        if isinstance(error, NotOwner):
            after = 0
        return "again", reason, f'-NAK {json.dumps({"delay": after * 1_000_000})}' if after > 0 else "-NAK"
