"""Chat completions of one student: requests that wait are answered together, as one batch.

B1 A batch holds requests with the same token limit, the oldest first; what does not fit waits for the next.
B2 A request whose client has gone is dropped before it costs anything.
B3 Every request ends once: with a reply or with an error.
"""

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Callable

import torch

from .errors import CancelToken, RequestError
from .generation import BATCH_TOKENS, Reply, generate, plan_batches
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
    is_wanted: Callable[[], bool] = lambda: True
    reply: Reply | None = None
    error: RequestError | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def end(self, reply: Reply | None, error: RequestError | None = None) -> None:
        if not self.ended.is_set():
            self.reply, self.error = reply, error
            self.ended.set()


class Completions:
    def __init__(self, student: Student, max_rows: int):
        self._student = student
        self._max_rows = max_rows
        self._waiting: list[Completion] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True).start()

    def complete(self, wanted: Completion) -> Reply:
        """Blocks until the reply is there. Raises RequestError."""
        with self._changed:
            self._waiting.append(wanted)
            self._changed.notify()
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
            limit = self._waiting[0].max_new_tokens
            alike = [each for each in self._waiting if each.max_new_tokens == limit][: self._max_rows]
            budget = BATCH_TOKENS.get(self._student.device.type, 48_000)
            student = self._student
            planned = plan_batches([each.prompt for each in alike], limit, budget, self._max_rows, student.can.way.rows, student.turn)
            oldest = next(rows for rows in planned if 0 in rows)
            batch = [alike[row] for row in oldest]
            for each in batch:
                self._waiting.remove(each)
            return batch

    def _answer(self, batch: list[Completion]) -> None:
        limit = batch[0].max_new_tokens
        started = time.monotonic()
        try:
            prompts = [each.prompt for each in batch]
            self._student.prepare(max(map(len, prompts)) + limit)
            choose = Sampler([each.sampling for each in batch])
            generate(self._student, prompts, limit, lambda row, reply: batch[row].end(reply), CancelToken(), choose)
        except Exception as error:
            log.exception("a batch of %d failed", len(batch))
            kind = "out_of_memory" if isinstance(error, (MemoryError, torch.OutOfMemoryError)) else "internal"
            for each in batch:
                each.end(None, RequestError(kind, f"{type(error).__name__}: {error}"))
        else:
            tokens = sum(len(each.reply.tokens) for each in batch)
            log.info("%d replies, %d tokens, %.1f s", len(batch), tokens, time.monotonic() - started)
