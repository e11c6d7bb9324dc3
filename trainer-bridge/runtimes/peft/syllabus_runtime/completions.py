"""Chat completions of one student, bare or with one of several adapters: requests that wait are answered together, as one batch.

B1 A batch holds requests to the same adapter with the same token limit, the oldest first; what does not fit waits for the next.
B2 A request whose client has gone is dropped before it costs anything.
B3 Every request ends once: with a reply or with an error.
B4 There is one base, loaded once: adapters are put on and taken off between two batches.
"""

import logging
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Callable

from .errors import CancelToken, RequestError, is_out_of_memory
from .generation import BATCH_TOKENS, Reply, generate, plan_batches
from .inference import InferenceSettings, room_of, thought_budget
from .lora import put_on
from .sampling import Sampler, Sampling
from .student import Student

log = logging.getLogger(__name__)
# Requests sent side by side arrive a little apart; the first of them waits this long for the others.
GATHER_SECONDS = 0.03


@dataclass
class Completion:
    prompt: list[int]
    max_new_tokens: int
    sampling: Sampling
    # Folder of the adapter that answers; None: the bare student.
    adapter: str | None = None
    is_wanted: Callable[[], bool] = lambda: True
    # Sees the reply's tokens each time that there are more, and None once it has ended.
    on_tokens: Callable[[list[int] | None], None] = lambda tokens: None
    reply: Reply | None = None
    error: RequestError | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def end(self, reply: Reply | None, error: RequestError | None = None) -> None:
        if not self.ended.is_set():
            self.reply, self.error = reply, error
            self.ended.set()
            self.on_tokens(None)


class Completions:
    def __init__(self, load: Callable[[], Student], max_rows: int, settings: InferenceSettings):
        """`load` gives the student, loaded anew where an adapter has spoiled it."""
        self._load = load
        self.student = load()
        self._max_rows = max_rows
        self._settings = settings
        self._waiting: list[Completion] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def begin(self, wanted: Completion) -> None:
        with self._changed:
            self._waiting.append(wanted)
            self._changed.notify()

    def complete(self, wanted: Completion) -> Reply:
        """Blocks until the reply is there. Raises RequestError."""
        self.begin(wanted)
        wanted.ended.wait()
        if wanted.error is not None:
            raise wanted.error
        return wanted.reply

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
            time.sleep(GATHER_SECONDS)
            batch = self._take()
            if batch:
                self._answer(batch)

    def _take(self) -> list[Completion]:
        with self._changed:
            for gone in [each for each in self._waiting if not each.is_wanted()]:
                self._waiting.remove(gone)
                gone.end(None, RequestError("cancelled", "the client has gone"))
            if not self._waiting:
                return []
            oldest, student = self._waiting[0], self.student
            limit = (oldest.max_new_tokens, oldest.adapter)
            alike = [each for each in self._waiting if (each.max_new_tokens, each.adapter) == limit][: self._max_rows]
            budget = BATCH_TOKENS.get(student.device.type, 48_000)
            room = self._room(student, oldest.max_new_tokens)
            planned = plan_batches([each.prompt for each in alike], room, budget, self._max_rows, student.can.way.rows, student.turn)
            batch = [alike[row] for row in next(rows for rows in planned if 0 in rows)]
            for each in batch:
                self._waiting.remove(each)
            return batch

    def _answer(self, batch: list[Completion]) -> None:
        limit = batch[0].max_new_tokens
        started = time.monotonic()
        try:
            student = self.student = self._load()
            put_on(student, batch[0].adapter)
            prompts = [each.prompt for each in batch]
            student.prepare(max(map(len, prompts)) + self._room(student, limit))
            generate(
                student,
                prompts,
                limit,
                lambda row, reply: batch[row].end(reply),
                CancelToken(),
                Sampler([each.sampling for each in batch]),
                thought_budget(student, self._settings),
                lambda row, tokens: batch[row].on_tokens(tokens),
            )
        except Exception as error:
            if not isinstance(error, RequestError):
                log.exception("a batch of %d failed", len(batch))
                error = RequestError("out_of_memory" if is_out_of_memory(error) else "internal", f"{type(error).__name__}: {error}")
            for each in batch:
                each.end(None, error)
        else:
            tokens = sum(len(each.reply.tokens) for each in batch)
            log.info("%d replies, %d tokens, %.1f s", len(batch), tokens, time.monotonic() - started)

    def _room(self, student: Student, limit: int) -> int:
        """Tokens that a reply may have: those of its answer, and of its thoughts where they have a limit of their own."""
        return room_of(student, replace(self._settings, max_new_tokens=limit))
