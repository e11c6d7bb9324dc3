"""A real NATS server with JetStream, and what a generator needs of a bus."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.api import ConsumerConfig, DiscardPolicy, StreamConfig

from syllabus_agent.bus.link import Link, open_link
from syllabus_agent.launch import Launch
from syllabus_agent.log import Log
from syllabus_agent.troubles import Troubles

binary = os.environ.get("SYLLABUS_NATS_SERVER") or shutil.which("nats-server")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert binary, "put nats-server on PATH, or name it in SYLLABUS_NATS_SERVER"
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    folder = tmp_path_factory.mktemp("nats")
    process = subprocess.Popen(
        [binary, "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(folder)], stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            assert time.monotonic() < until, "nats-server did not start"
            time.sleep(0.05)
    yield f"nats://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def launch_of(server: str, **changes: Any) -> Launch:
    launch = {
        "role": "generator",
        "variant": "mine",
        "instance": "generator-1",
        "servers": server,
        "credentials": {"LAB": {"user": "", "pass": ""}},
        "queue": "mine-queue",
        "slots": 2,
        "home": "/nowhere",
        "drainMs": 2000,
        "graceMs": 1000,
        "delivery": {"shard": {"ackWaitMs": 1000, "maxDeliver": 3, "backoffMs": [50]}},
    }
    return Launch.model_validate({**launch, **changes})


class Bench:
    """The operator's side: streams and a consumer made anew, and messages put there."""

    def __init__(self, server: str) -> None:
        self.launch = launch_of(server)

    async def open(self) -> Bench:
        self.nc = await nats.connect(self.launch.servers)
        js = self.js = self.nc.jetstream()
        for stream in ["RUN", "OBJECTS_LAB", "KV_agents", "KV_shards", "KV_journal", "DEAD"]:
            try:
                await js.delete_stream(stream)
            except nats.js.errors.NotFoundError:
                pass
        await js.add_stream(StreamConfig(name="RUN", subjects=["run.>"]))
        await js.add_stream(
            StreamConfig(
                name="OBJECTS_LAB",
                subjects=["objects.lab.>"],
                max_msgs_per_subject=1,
                discard=DiscardPolicy.NEW,
                discard_new_per_subject=True,
            )
        )
        for bucket in ["agents", "shards", "journal"]:
            await js.add_stream(StreamConfig(name=f"KV_{bucket}", subjects=[f"$KV.{bucket}.>"], max_msgs_per_subject=1))
        await js.add_stream(StreamConfig(name="DEAD", subjects=["$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>"]))
        consumer = ConsumerConfig(
            durable_name="generator-mine-queue-shard",
            filter_subject="run.*.generator.mine-queue.shard",
            ack_policy="explicit",
            ack_wait=1,
            max_deliver=3,
        )
        await js.add_consumer("RUN", consumer)
        self.link: Link = await open_link(self.launch, Log(), Troubles())
        return self

    async def send(self, payload: bytes = b"{}", *, id: str = "one.shard:1", tag: str = "shard@2") -> None:
        headers = {"Nats-Msg-Id": id, "Syllabus-Message": tag, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
        await self.js.publish("run.one.generator.mine-queue.shard", payload, headers=headers)

    async def consumer(self) -> Any:
        return await self.js.consumer_info("RUN", "generator-mine-queue-shard")

    async def close(self) -> None:
        await self.link.nc.close()
        await self.nc.close()


async def until(holds: Any, seconds: float = 10) -> None:
    """Waits for a condition, plain or to be awaited."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if await found if asyncio.iscoroutine(found) else found:
            return
        assert time.monotonic() < end, "it does not hold in time"
        await asyncio.sleep(0.02)


@pytest.fixture
def bench(server: str) -> Bench:
    return Bench(server)


here = Path(__file__).parent
