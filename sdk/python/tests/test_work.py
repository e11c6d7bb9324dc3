from __future__ import annotations

import asyncio
from typing import Any

from conftest import Bench, until

from syllabus_agent.bus import names
from syllabus_agent.bus.work import Handler, WorkLoop
from syllabus_agent.errors import RetryError, TerminalError
from syllabus_agent.log import Log
from syllabus_agent.troubles import Troubles


def loop_of(bench: Bench, handler: Handler, stop: asyncio.Event, **changes: Any) -> WorkLoop:
    launch = bench.launch.model_copy(update=changes)
    return WorkLoop(bench.link, names.shard, handler, launch, Log(), Troubles(), stop)


def test_w1_no_more_messages_are_taken_than_there_are_slots(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        go, stop = asyncio.Event(), asyncio.Event()
        handled = []

        async def handler(payload: dict[str, Any], context: Any) -> None:
            await go.wait()
            handled.append(context.id)

        for n in range(5):
            await bench.send(id=f"one.shard:{n}")
        loop = loop_of(bench, handler, stop)
        running = asyncio.ensure_future(loop.run())
        await until(lambda: len(loop.handling) == 2)
        assert (await bench.consumer()).num_ack_pending == 2
        go.set()
        await until(lambda: len(handled) == 5)
        stop.set()
        await running
        assert loop.figures.handled["shard"]["done"] == 5
        await bench.close()

    asyncio.run(act())


def test_w2_a_handler_that_takes_longer_than_the_ack_wait_is_not_begun_again(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        stop = asyncio.Event()
        attempts = []

        async def handler(payload: dict[str, Any], context: Any) -> None:
            attempts.append(context.attempt)
            await asyncio.sleep(2.5)

        await bench.send()
        loop = loop_of(bench, handler, stop)
        running = asyncio.ensure_future(loop.run())
        await until(lambda: loop.figures.handled.get("shard", {}).get("done") == 1)
        stop.set()
        await running
        assert attempts == [1]
        assert (await bench.consumer()).num_ack_pending == 0
        await bench.close()

    asyncio.run(act())


def test_w3_what_does_not_finish_in_time_is_given_back(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        stop = asyncio.Event()
        ended = []

        async def handler(payload: dict[str, Any], context: Any) -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(context.id)

        await bench.send()
        loop = loop_of(bench, handler, stop, drainMs=200)
        running = asyncio.ensure_future(loop.run())
        await until(lambda: len(loop.handling) == 1)
        stop.set()
        await running
        assert ended == ["one.shard:1"]
        assert loop.figures.handled["shard"]["back"] == 1

        async def is_there_again() -> bool:
            found = await bench.consumer()
            return found.num_redelivered + found.num_pending + found.num_ack_pending > 0

        await until(is_there_again)
        await bench.close()

    asyncio.run(act())


def test_w4_what_can_never_be_handled_is_a_dead_letter_with_its_reason(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        stop = asyncio.Event()

        async def handler(payload: dict[str, Any], context: Any) -> None:
            if payload["why"] == "terminal":
                raise TerminalError("no such source")
            raise RetryError("not yet", after_ms=10)

        await bench.send(b'{"why": "terminal"}', id="one.a")
        await bench.send(b'{"why": "retry"}', id="one.b")
        await bench.send(b"no json", id="one.c")
        await bench.send(b"{}", id="one.d", tag="shard@99")
        loop = loop_of(bench, handler, stop)
        running = asyncio.ensure_future(loop.run())
        await until(lambda: loop.figures.handled.get("shard", {}).get("dead") == 4)
        stop.set()
        await running

        async def letters() -> bool:
            return bool((await bench.js.stream_info("DEAD")).state.messages == 4)

        await until(letters)
        reasons = [(await bench.js.get_msg("DEAD", seq)).data.decode() for seq in range(1, 5)]
        assert any("no such source" in reason for reason in reasons)
        assert any("gave up after 3 deliveries: not yet" in reason for reason in reasons)
        assert any("the payload is not JSON" in reason for reason in reasons)
        assert any("shard@99" in reason for reason in reasons)
        await bench.close()

    asyncio.run(act())
