from __future__ import annotations

import asyncio

import pytest
from conftest import Bench

from syllabus_agent.bus.kv import Kv
from syllabus_agent.errors import NotOwner
from syllabus_agent.metered.journal import prompt_hash_of, spent_on
from syllabus_agent.metered.ownership import MeteredRecord, Ownership, take_work


async def _owner(kv: Kv[MeteredRecord], owner: str) -> Ownership:
    taken = await take_work(kv, "one.a1.r1.s0", owner, most=10, chunk=4)
    assert isinstance(taken, Ownership)
    return taken


def test_o1_o2_calls_are_reserved_before_they_are_made_and_lost_ones_count(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        kv = Kv(bench.link, "shards", MeteredRecord)
        first = await _owner(kv, "first")
        assert await first.take()
        held = await kv.get("one.a1.r1.s0")
        assert held and held.value.reserved == 4
        # The first owner dies: all that it reserved counts.
        second = await _owner(kv, "second")
        assert second.earlier == 4
        made = 0
        while await second.take():
            made += 1
        assert made == 6
        await bench.close()

    asyncio.run(act())


def test_o3_whoever_was_taken_over_spends_nothing_more(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        kv = Kv(bench.link, "shards", MeteredRecord)
        first = await _owner(kv, "first")
        second = await _owner(kv, "second")
        with pytest.raises(NotOwner):
            await first.take()
        assert await second.take()
        await bench.close()

    asyncio.run(act())


def test_what_was_not_used_is_given_back(bench: Bench) -> None:
    async def act() -> None:
        await bench.open()
        kv = Kv(bench.link, "shards", MeteredRecord)
        first = await _owner(kv, "first")
        await first.take()
        await first.give_back()
        held = await kv.get("one.a1.r1.s0")
        assert held and held.value.reserved == 1 and held.value.isExact
        await bench.close()

    asyncio.run(act())


def test_a_prompt_has_the_hash_that_the_other_agents_give_it() -> None:
    request = {"messages": [{"role": "user", "content": "Zwölf \u2028?"}], "sampling": {"temperature": 1.0, "maxTokens": 64}}
    # promptHashOf('m', {messages: [{role: 'user', content: 'Zwölf \u2028?'}], sampling: {temperature: 1, maxTokens: 64}})
    assert prompt_hash_of("m", request) == "94677481b192f632101723ad8f5995bce4b1a09b9efa18c6839bfac47e6cc084"


def test_lines_of_one_kind_are_one() -> None:
    line = {"role": "generator", "model": "m", "stage": "generate", "calls": 1, "inputTokens": 2, "outputTokens": 3}
    assert spent_on([line, line, {**line, "stage": "lost"}]) == {
        "calls": 3,
        "inputTokens": 6,
        "outputTokens": 9,
        "lines": [{**line, "calls": 2, "inputTokens": 4, "outputTokens": 6}, {**line, "stage": "lost"}],
    }
