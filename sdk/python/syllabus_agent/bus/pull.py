"""One message at a time from a durable consumer (bus/pull.ts, Q1 to Q3)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from .link import Link

_expires = 10.0
_heartbeat = 1.5
_pause = 0.5


@dataclass
class Delivery:
    """A message as delivered. ``attempt`` counts deliveries from 1, ``seq`` is its place in the stream."""

    message: Msg
    reply: str
    attempt: int
    seq: int


def read_delivery(message: Msg) -> Delivery | None:
    """``$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>…``, or with a domain and an account hash after ACK."""
    tokens = (message.reply or "").split(".")
    if tokens[:2] != ["$JS", "ACK"]:
        return None
    rest = tokens[4:] if len(tokens) >= 11 else tokens[2:]
    return Delivery(message, message.reply, int(rest[2]), int(rest[3]))


class Puller:
    """Pulls for one slot: no more than one message is ever on its way to it (W1)."""

    def __init__(self, link: Link, stream: str, durable: str) -> None:
        self._link = link
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self.status: int | None = None
        """What the consumer answered last in place of a message; None where it is there."""

    async def _open(self) -> None:
        if self._subscription is not None:
            return
        self._inbox = self._link.nc.new_inbox()

        async def arrive(message: Msg) -> None:
            self._arrived.put_nowait(message)

        self._subscription = await self._link.nc.subscribe(self._inbox, cb=arrive)

    async def close(self) -> None:
        """Withdraws the pull, and gives back what came in that same moment."""
        subscription, self._subscription = self._subscription, None
        if subscription is None or self._link.nc.is_closed:
            return
        try:
            await asyncio.wait_for(subscription.drain(), 1.0)  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001
            pass
        while not self._arrived.empty():
            late = read_delivery(self._arrived.get_nowait())
            if late and not self._link.nc.is_closed:
                await self._link.nc.publish(late.reply, b"-NAK")

    async def pull(self, stop: asyncio.Event) -> Delivery | None:
        """The next message; None when none came in time, the server is away, or ``stop`` is set."""
        await self._open()
        body: dict[str, Any] = {"batch": 1, "expires": int(_expires * 1e9), "idle_heartbeat": int(_heartbeat * 1e9)}
        await self._link.nc.publish(self._subject, json.dumps(body).encode(), reply=self._inbox)
        stopped = asyncio.ensure_future(stop.wait())
        try:
            while True:
                arriving = asyncio.ensure_future(self._arrived.get())
                done, _ = await asyncio.wait(
                    {arriving, stopped}, timeout=2 * _heartbeat, return_when=asyncio.FIRST_COMPLETED
                )
                if arriving not in done:
                    arriving.cancel()
                    # No sign of life, or the end: whatever this pull is still given goes back.
                    await self.close()
                    return None
                message = arriving.result()
                delivery = read_delivery(message)
                if delivery is not None:
                    self.status = None
                    return delivery
                code = int((message.headers or {}).get("Status", "503"))
                if code == 100:
                    self.status = None
                    continue
                is_there = code in (404, 408)
                self.status = None if is_there else code
                if not is_there:
                    try:
                        await asyncio.wait_for(asyncio.shield(stopped), _pause)
                    except asyncio.TimeoutError:
                        pass
                return None
        finally:
            stopped.cancel()
