"""``python -m syllabus_agent describe|work|answer <file or module>``, as docs/agent-protocol.md describes it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import signal
import sys
from typing import NoReturn

from .bus import names
from .bus.bus import Bus, Presence
from .bus.link import open_link
from .bus.work import WorkLoop
from .declare import Plugin
from .errors import CannotStart, reason_of
from .generate import Generator
from .launch import Launch, identity_from_environment, read_launch, report_descriptor, send_report
from .load import load
from .log import Log
from .troubles import Troubles

bad_input = 2
failure = 1


def describe(target: str) -> int:
    """Writes what the plug-in declares to descriptor 3, or why that cannot be known."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            plugin = load(target)
        text = " ".join(printed.getvalue().split())
        if text:
            raise CannotStart(
                f'{target} prints to standard output when it is loaded: "{text[:80]}".',
                'Take the print out, or put it behind if __name__ == "__main__"; standard error is the agent\'s log.',
            )
    except CannotStart as error:
        send_report(reason_of(error), error.fix)
        return bad_input
    os.write(report_descriptor, (json.dumps(plugin.declaration) + "\n").encode())
    return 0


def leave(code: int) -> NoReturn:
    """Ends at once: a thread of the plug-in that never ends holds nothing up."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


async def work(target: str) -> int:
    """Works as an agent until it is to stop."""
    # What the plug-in prints belongs to the log.
    os.dup2(2, 1)
    identity = identity_from_environment()
    log = Log(**(identity.model_dump() if identity else {}))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        plugin = load(target)
        waiting = asyncio.ensure_future(read_launch(lambda: leave(0)))
        stopped = asyncio.ensure_future(stop.wait())
        await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            return 0
        stopped.cancel()
        launch = waiting.result()
        os.environ.update(launch.environment)
        if plugin.role != launch.role:
            raise CannotStart(
                f"{target} declares a {plugin.role}, and it is started as {launch.role}.",
                f"Name it under agents.{plugin.role}, or another one under agents.{launch.role}.",
            )
        if plugin.role != "generator":
            raise CannotStart(f"A {plugin.role} in Python is asked by the {plugin.role} of Syllabus.", "Start it with answer.")
        await _generate(plugin, launch, log, stop)
        return 0
    except Exception as error:  # noqa: BLE001
        if stop.is_set():
            return 0
        fix = error.fix if isinstance(error, CannotStart) else None
        log.fatal("cannot work", error=reason_of(error), fix=fix)
        send_report(reason_of(error), fix)
        return bad_input if isinstance(error, CannotStart) else failure


async def _generate(plugin: Plugin, launch: Launch, log: Log, stop: asyncio.Event) -> None:
    troubles = Troubles()
    link = await open_link(launch, log, troubles)
    bus = Bus(link, launch, log)
    if launch.lastEnd:
        troubles.set("restart", {"code": "restarted", "text": launch.lastEnd})
        asyncio.get_running_loop().call_later(
            launch.bus.troubles.restartedMs / 1000, lambda: troubles.set("restart", None)
        )
    presence = Presence(link, launch, log, troubles)
    presence.start()
    try:
        try:
            generator = Generator(bus, launch, plugin, log)
        except CannotStart as error:
            troubles.set("start", {"code": "no-start", "text": f"cannot start: {reason_of(error)}"})
            raise
        presence.loop = WorkLoop(link, names.shard, generator.handle, launch, log, troubles, stop)
        closing = asyncio.ensure_future(_close_when(stop, generator))
        log.info("working")
        await presence.loop.run()
        closing.cancel()
        await generator.release()
        log.info("stopped")
    finally:
        await presence.close()
        with contextlib.suppress(Exception):
            await asyncio.wait_for(link.nc.drain(), 3)


async def _close_when(stop: asyncio.Event, generator: Generator) -> None:
    """Once the process is to stop, nothing that costs is begun; what is under way is awaited."""
    await stop.wait()
    generator.stop_asking()


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0] not in ("describe", "work", "answer"):
        print("usage: python -m syllabus_agent describe|work|answer <file or module>", file=sys.stderr)
        return bad_input
    how, target = arguments
    if how == "describe":
        return describe(target)
    if how == "answer":
        from .answer import answer

        return answer(target)
    leave(asyncio.run(work(target)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
