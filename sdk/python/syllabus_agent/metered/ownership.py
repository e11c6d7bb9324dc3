"""Who does a piece of paid work, and what it may have spent (agents/kit/metered/ownership.ts).

O1 A call is made only below the watermark that was written before, under this owner's epoch.
O2 What earlier owners reserved and did not give back counts as spent, so the most calls hold across any crash.
O3 A write under an old epoch fails: then another took over, and this one spends and publishes nothing more.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..bus.kv import Kv
from ..errors import NotOwner
from ..messages import ObjectRef


class MeteredRecord(BaseModel):
    """Kept in KV and written with its revision."""

    model_config = ConfigDict(extra="forbid")
    epoch: int
    owner: str
    reserved: int
    isExact: bool = False
    result: ObjectRef | None = None


class Ownership:
    """Paid work in this process's hands."""

    def __init__(self, kv: Kv[MeteredRecord], key: str, record: MeteredRecord, most: int, chunk: int) -> None:
        self._kv = kv
        self._key = key
        self._record = record
        self._most = most
        self._chunk = chunk
        self._made = 0
        self._turn = asyncio.Lock()
        self.epoch = record.epoch
        self.earlier = record.reserved
        """Calls that earlier owners reserved; all of them count as made."""
        self.is_earlier_exact = record.isExact

    async def _write(self, **changes: Any) -> None:
        following = MeteredRecord.model_validate({**self._record.model_dump(), **changes})

        def change(held: MeteredRecord | None) -> MeteredRecord:
            if held is None or held.epoch != self.epoch:
                raise NotOwner(f"{self._key} is another's")
            return following

        await self._kv.modify(self._key, change)
        self._record = following

    async def take(self) -> bool:
        """Whether one more call may be made; asked before each HTTP request."""
        async with self._turn:
            if self.earlier + self._made >= self._record.reserved:
                reserved = min(self._most, self._record.reserved + self._chunk)
                if reserved <= self._record.reserved:
                    return False
                await self._write(reserved=reserved, isExact=False)
            self._made += 1
            return True

    def put_back(self) -> None:
        """A call that was taken was not sent."""
        self._made -= 1

    async def give_back(self) -> None:
        """Gives back what was reserved and not used, once no call is under way."""
        async with self._turn:
            used = self.earlier + self._made
            if used < self._record.reserved or self.is_earlier_exact != self._record.isExact:
                await self._write(reserved=used, isExact=self.is_earlier_exact)

    async def close(self, result: ObjectRef) -> None:
        """Closes the work with what it made."""
        async with self._turn:
            await self._write(result=result.model_dump())


async def take_work(kv: Kv[MeteredRecord], key: str, owner: str, most: int, chunk: int) -> Ownership | ObjectRef:
    """Takes a piece of work over, or gives what it made where it is closed."""

    def change(held: MeteredRecord | None) -> MeteredRecord:
        if held is not None and held.result is not None:
            return held
        before = held or MeteredRecord(epoch=0, owner=owner, reserved=0, isExact=True)
        return MeteredRecord(
            epoch=before.epoch + 1, owner=owner, reserved=before.reserved, isExact=before.isExact, result=None
        )

    record = (await kv.modify(key, change)).value
    return record.result if record.result is not None else Ownership(kv, key, record, most, chunk)


async def await_closed(kv: Kv[MeteredRecord], key: str, every: float, for_seconds: float) -> ObjectRef | None:
    """What work that another owner closes has made; None when it is not closed in time."""
    until = time.monotonic() + for_seconds
    while time.monotonic() < until:
        held = await kv.get(key)
        if held and held.value.result:
            return held.value.result
        await asyncio.sleep(every)
    return None
