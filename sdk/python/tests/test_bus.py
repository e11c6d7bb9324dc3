from __future__ import annotations

import asyncio

from conftest import Bench
from pydantic import BaseModel

from syllabus_agent.bus.kv import Kv
from syllabus_agent.bus.objects import Objects


class Count(BaseModel):
    n: int


def test_a_write_with_an_old_revision_is_refused(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        kv = Kv(bench.link, "shards", Count)
        first = await kv.create("one.a1", Count(n=1))
        assert first is not None
        assert await kv.create("one.a1", Count(n=2)) is None
        second = await kv.update("one.a1", Count(n=2), first)
        assert second is not None
        assert await kv.update("one.a1", Count(n=3), first) is None
        held = await kv.get("one.a1")
        assert held and held.value.n == 2
        await kv.delete("one.a1")
        assert await kv.get("one.a1") is None
        assert await kv.create("one.a1", Count(n=9)) is not None
        await bench.close()

    asyncio.run(act())


def test_changes_side_by_side_are_all_made(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        kv = Kv(bench.link, "shards", Count)

        async def add() -> None:
            await kv.modify("sum", lambda held: Count(n=(held.n if held else 0) + 1))

        await asyncio.gather(*(add() for _ in range(20)))
        held = await kv.get("sum")
        assert held and held.value.n == 20
        await bench.close()

    asyncio.run(act())


def test_objects_of_several_chunks_come_back_whole_and_are_stored_once(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        objects = Objects(bench.link)
        data = bytes(range(256)) * 5000
        ref = await objects.put("one/übung", data)
        assert await objects.put("one/übung", data) == ref
        assert await objects.get(ref) == data
        assert (await bench.js.stream_info("OBJECTS_LAB")).state.messages == 3
        await bench.close()

    asyncio.run(act())
