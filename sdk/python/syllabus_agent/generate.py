"""The generator's host: shards in, batches out. What a shard becomes follows from the shard alone."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import ValidationError

from .bus import names
from .bus.bus import Bus
from .bus.work import MessageContext
from .declare import Plugin, RowRequest, RowText
from .errors import NoRow, NotOwner, RetryError, StoppingError, TerminalError, reason_of
from .launch import Launch
from .log import Log
from .messages import Batch, ObjectRef, Program, PublicTask, Round, Shard, Tried
from .metered.journal import Journal, JournalEntry
from .metered.ownership import MeteredRecord, Ownership, await_closed, take_work
from .metered.teacher import Failure, Reply, Teacher, TeacherOptions, TeacherRefused

_nothing = {"calls": 0, "inputTokens": 0, "outputTokens": 0}
_longest_reason = 2000


class MeteredFailure(Exception):
    """A call of a row ended without a reply: the index has none."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.reason)
        refused = failure.why == "failed" and failure.lasting
        self.kind = "refused" if refused else "teacher" if failure.why == "failed" else failure.why


class Generator:
    """Handles shards with a plug-in's function."""

    def __init__(self, bus: Bus, launch: Launch, plugin: Plugin, log: Log) -> None:
        self._bus = bus
        self._launch = launch
        self._plugin = plugin
        self._log = log
        self._in_hand: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._teacher: Teacher | None = None
        if plugin.asks_model:
            self._options = TeacherOptions.of(launch.options, launch.role, launch.variant)
            self._teacher = Teacher(self._options)
            self._records = bus.kv("shards", MeteredRecord)
            self._entries = bus.kv("journal", JournalEntry)

    async def handle(self, payload: dict[str, Any], context: MessageContext) -> None:
        try:
            shard = Shard.model_validate(payload)
        except ValidationError as error:
            raise TerminalError(f"does not parse: {error}") from error
        round = await self._bus.objects.read(shard.round.object, Round)
        program = await self._bus.objects.read(round.program, Program)
        source = next((each for each in program.sources if each.id == shard.source), None)
        if source is None:
            raise TerminalError(f'the program of its round has no source "{shard.source}"')
        if source.kind not in self._plugin.sources:
            follows = " and ".join(self._plugin.sources)
            raise TerminalError(f'source "{source.id}" is a {source.kind} source, and {self._plugin.name} follows {follows}')
        task = await self._bus.objects.read(round.public_task, PublicTask)
        name = f"a{round.attempt}.r{round.round}.s{shard.shard}"
        key = f"{context.run_id}.{name}"

        async def publish_tried(outcome: dict[str, Any]) -> None:
            place = {"attempt": round.attempt, "round": round.round, "shard": shard.shard, "source": source.id}
            message = Tried.model_validate({**place, "outcome": outcome})
            await self._bus.publish(names.tried, context.run_id, round.variants["planner"], f"tried:{name}", message, context.cause)

        work = _Work(self, shard, program, source, task, publish_tried)
        batch = await self._once(key, lambda: self._make(key, context.run_id, work))
        if batch.get("trial"):
            await publish_tried(batch["trial"])
        checked = Batch.model_validate(batch)
        await self._bus.publish(names.batch, context.run_id, round.variants["critic"], f"batch:{name}", checked, context.cause)

    async def _once(self, key: str, make: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """A message that comes again while its first delivery is worked on waits for that one, and pays nothing."""
        known = self._in_hand.get(key)
        if known is not None:
            return await asyncio.shield(known)
        doing = asyncio.ensure_future(make())
        self._in_hand[key] = doing
        try:
            return await doing
        finally:
            del self._in_hand[key]

    async def _make(self, key: str, run_id: str, work: _Work) -> dict[str, Any]:
        if self._teacher is None:
            return await work.make(None, lambda: _nothing)
        reserve = self._options.reserveCalls
        taken = await take_work(self._records, key, self._launch.instance, work.shard.max_calls or 0, reserve)
        if not isinstance(taken, Ownership):
            return await self._stored(taken)
        before = await self._entries.keys(key) if taken.epoch > 1 else []
        journal = Journal(self._entries, key, taken, self._teacher, "generator", before)
        try:
            batch = await work.make(journal, journal.spent)
            ref = await self._bus.objects.put_json(f"{run_id}/batch", Batch.model_validate(batch))
            await taken.close(ref)
            return batch
        except NotOwner:
            every, seconds = self._options.closedEveryMs / 1000, self._launch.bus.awayMs / 1000
            closed = await await_closed(self._records, key, every, seconds)
            if closed is None:
                raise RetryError(f"{key} is not closed yet") from None
            return await self._stored(closed)
        except (Exception, asyncio.CancelledError) as error:
            await journal.settled()
            try:
                await taken.give_back()
            except Exception as fault:  # noqa: BLE001
                # Another owns the work or the server is away: it then counts as spent.
                self._log.warn("calls were not given back", work=key, reason=reason_of(fault))
            if isinstance(error, TeacherRefused):
                raise TerminalError(f"the teacher refuses: {error}") from error
            raise

    async def _stored(self, ref: ObjectRef) -> dict[str, Any]:
        stored = await self._bus.objects.read(ref, Batch)
        return stored.model_dump(by_alias=True, exclude_unset=True, mode="json")

    def stop_asking(self) -> None:
        """No call is begun any more; what wants one is given back."""
        if self._teacher is not None:
            self._teacher.is_closed = True

    async def release(self) -> None:
        if self._teacher is not None:
            await self._teacher.close()

    @property
    def plugin(self) -> Plugin:
        return self._plugin

    @property
    def launch(self) -> Launch:
        return self._launch


class _Work:
    """One shard: each of its indexes has an outcome, a candidate or a failure."""

    def __init__(
        self,
        host: Generator,
        shard: Shard,
        program: Program,
        source: Any,
        task: PublicTask,
        publish_tried: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        self._host = host
        self.shard = shard
        self._program = program
        self._source = source
        self._task = task
        self._publish_tried = publish_tried
        self._cancelled = False

    async def make(self, journal: Journal | None, spent: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        shard = self.shard
        indexes = list(range(shard.from_, shard.from_ + shard.count))
        failures: list[dict[str, Any]] = []
        if shard.dry:
            rows: list[dict[str, Any]] = []
            failures = [_failure(index, "not asked: no reply of its source's trials could be used", "unasked") for index in indexes]
        elif inspect.iscoroutinefunction(self._host.plugin.function):
            rows, failures = await self._side_by_side(indexes, journal)
        else:
            try:
                rows, failures = await asyncio.to_thread(self._in_turn, indexes)
            except asyncio.CancelledError:
                self._cancelled = True
                raise
        batch: dict[str, Any] = {
            "round": shard.round.model_dump(by_alias=True, exclude_unset=True, mode="json"),
            "shard": shard.shard,
            "source": shard.source,
            "candidates": rows,
            "failures": failures,
            "spent": spent(),
        }
        if len(rows) + len(failures) > shard.count:
            batch["asked"] = shard.count
        if shard.check_calls is not None:
            batch["checkCalls"] = shard.check_calls
        if shard.trial is not None:
            batch["trial"] = _outcome(rows, failures, batch["spent"]["calls"])
        return batch

    def _in_turn(self, indexes: list[int]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """In a thread of its own, so that heartbeats go on while it computes."""
        rows: list[dict[str, Any]] = []
        failures: list[dict[str, Any]] = []
        for index in indexes:
            if self._cancelled:
                raise StoppingError("the process stops")
            try:
                rows += self._rows(index, self._host.plugin.function(self._request(index, None)))
            except (TerminalError, RetryError, StoppingError):
                raise
            except Exception as error:  # noqa: BLE001
                failures.append(_failure(index, *_why(error)))
        return rows, failures

    async def _side_by_side(
        self, indexes: list[int], journal: Journal | None
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        first = indexes[: self.shard.trial] if self.shard.trial is not None else indexes
        outcomes = await self._ask_all(first, journal)
        rest = indexes[len(first) :]
        if rest and any(not isinstance(made, dict) for made in outcomes):
            await self._publish_tried({"usable": True})
            outcomes += await self._ask_all(rest, journal)
        elif rest:
            outcomes += [_failure(index, "not asked: no reply of the trial could be used", "unasked") for index in rest]
        rows = [row for made in outcomes if not isinstance(made, dict) for row in made]
        return rows, [made for made in outcomes if isinstance(made, dict)]

    async def _ask_all(self, indexes: list[int], journal: Journal | None) -> list[list[dict[str, Any]] | dict[str, Any]]:
        asking = [asyncio.ensure_future(self._one(index, journal)) for index in indexes]
        try:
            return list(await asyncio.gather(*asking))
        except BaseException:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
            raise

    async def _one(self, index: int, journal: Journal | None) -> list[dict[str, Any]] | dict[str, Any]:
        asked: list[JournalEntry] = []

        async def ask(name: str, request: dict[str, Any]) -> Reply:
            if journal is None:
                raise TerminalError("it asks a model and does not declare it: write @generator(asks_model=True)")
            entry = await journal.call(f"{index}-{_token(name)}", request, "generate")
            if entry.reply is None:
                raise MeteredFailure(entry.failure or Failure(why="failed", reason="no reply"))
            asked.append(entry)
            if entry.reply.refused:
                raise _Refused(entry.reply)
            return entry.reply

        try:
            made = await self._host.plugin.function(self._request(index, ask))
            return self._rows(index, made, asked)
        except (TerminalError, RetryError, StoppingError, NotOwner, TeacherRefused):
            raise
        except Exception as error:  # noqa: BLE001
            return _failure(index, *_why(error))

    def _request(self, index: int, ask: Callable[..., Awaitable[Reply]] | None) -> RowRequest:
        seed = f"{self.shard.seed}/{self._id(index, 0)}"
        options = self._host.launch.options
        return RowRequest(index, self._source.skill, self._source, self._program, self._task, seed, options, ask)

    def _id(self, index: int, sample: int) -> str:
        round = self.shard.round
        return f"a{round.attempt}.r{round.round}.{self._source.id}.{index}.{sample}"

    def _rows(self, index: int, made: Any, asked: list[JournalEntry] | None = None) -> list[dict[str, Any]]:
        texts = [made] if isinstance(made, RowText) else made
        if not isinstance(texts, (list, tuple)) or not texts or not all(isinstance(text, RowText) for text in texts):
            kind = type(made).__name__
            raise TypeError(f"{self._host.plugin.name} returned {kind} for index {index}; return a RowText, or a list of some")
        return [self._row(index, sample, text, asked or []) for sample, text in enumerate(texts)]

    def _row(self, index: int, sample: int, text: RowText, asked: list[JournalEntry]) -> dict[str, Any]:
        launch = self._host.launch
        plugin = (launch.model_extra or {}).get("plugin")
        origin: dict[str, Any] = {"generator": launch.variant, "seed": f"{self.shard.seed}/{self._id(index, 0)}"}
        if plugin:
            origin["plugin"] = {"version": plugin["version"], "hash": plugin["hash"]}
        if text.difficulty is not None:
            origin["difficulty"] = text.difficulty
        if text.core is not None:
            origin["core"] = text.core
        if text.core_key is not None:
            origin["coreKey"] = text.core_key
        entry = next((each for each in reversed(asked) if text.reply is None or each.reply == text.reply), None)
        if entry is not None and entry.reply is not None:
            reply_hash = hashlib.sha256(entry.reply.text.encode()).hexdigest()
            hashes = {"promptHash": entry.promptHash, "replyHash": reply_hash}
            origin["teacher"] = {"model": entry.reply.model, **hashes, "checks": []}
        return {
            "id": self._id(index, sample),
            "skill": self._source.skill,
            "source": self._source.id,
            "instruction": self._task.instruction if text.instruction is None else text.instruction,
            "input": text.input,
            "output": text.output,
            "origin": origin,
        }


class _Refused(Exception):
    def __init__(self, reply: Reply) -> None:
        why = f": {reply.refusal}" if reply.refusal else ""
        super().__init__(f"the teacher would not answer{why}")


def _token(name: str) -> str:
    """A name of a call as part of a key."""
    if name and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in name):
        return name
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _why(error: Exception) -> tuple[str, str | None]:
    if isinstance(error, MeteredFailure):
        return f"{error.kind}: {error}", error.kind
    if isinstance(error, _Refused):
        return str(error), "refused"
    if isinstance(error, NoRow):
        return reason_of(error), "not-accepted"
    return reason_of(error), "hook"


def _failure(index: int, reason: str, kind: str | None) -> dict[str, Any]:
    return {"index": index, "reason": reason[:_longest_reason], **({"kind": kind} if kind else {})}


def _outcome(rows: list[dict[str, Any]], failures: list[dict[str, Any]], calls: int) -> dict[str, Any]:
    if rows:
        return {"usable": True}
    return {"usable": False, "calls": calls, "why": failures[0]["reason"] if failures else "nothing was asked"}
