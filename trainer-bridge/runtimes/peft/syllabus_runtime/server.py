"""Reads requests, works on them one at a time, answers.

R1 A failed request never ends the process.
R2 Each request ends with exactly one `done` or `error`.
R3 The end of input ends the process with status 0; the work in hand is cancelled.
"""

import json
import logging
import os
import queue
import threading
from typing import Any, Callable, Iterable

from .errors import CancelToken, RequestError, failing_as
from .memory import rss_mb
from .wire import Wire

log = logging.getLogger(__name__)
# A step of a large model, or loading one, cannot be interrupted; after this the process ends without waiting for it.
LAST_STEP_SECONDS = 10.0


def own_operations() -> Any:
    from .operations import Operations

    return Operations()


class Server:
    """`load` gives what works on requests, by its `run`. It may import what takes long: lines are read and answered meanwhile."""

    def __init__(self, wire: Wire, heartbeat_seconds: float, load: Callable[[], Any] = own_operations):
        self._wire = wire
        self._load = load
        self._heartbeat_seconds = heartbeat_seconds
        self._queue: queue.Queue[dict | None] = queue.Queue()
        self._tokens: dict[str, CancelToken] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def serve(self, lines: Iterable[bytes]) -> None:
        threading.Thread(target=self._beat, daemon=True).start()
        worker = threading.Thread(target=self._work, daemon=True)
        worker.start()
        for line in lines:
            if line.strip():
                self._accept(line)
        self._ended.set()
        with self._lock:
            for token in self._tokens.values():
                token.cancel("the input ended")
        self._queue.put(None)
        worker.join(LAST_STEP_SECONDS)
        if worker.is_alive():
            log.warning("the last step did not end in time")
            os._exit(0)

    def _accept(self, line: bytes) -> None:
        try:
            request = _parse(line)
            id = request["id"]
            if request["op"] == "cancel":
                return self._cancel(id, request.get("target"))
            with self._lock:
                if id in self._tokens:
                    raise RequestError("bad_request", f"id {id!r} is in use by a request that has not ended")
                self._tokens[id] = CancelToken()
            self._queue.put(request)
        except RequestError as error:
            self._wire.send(_failure(None, error))

    def _cancel(self, id: str, target: Any) -> None:
        with self._lock:
            token = self._tokens.get(target) if isinstance(target, str) else None
        if token:
            token.cancel(f"cancelled by request {id!r}")
        self._wire.send({"id": id, "event": "done", "result": {"target": target, "found": token is not None}})

    def _work(self) -> None:
        # Heavy imports happen here, so that bad lines are answered and heartbeats start at once.
        operations = self._load()
        while (request := self._queue.get()) is not None:
            self._one(operations, request)

    def _one(self, operations: Any, request: dict) -> None:
        id = request["id"]
        token = self._tokens[id]

        def report(**progress: Any) -> None:
            self._wire.send({"id": id, "event": "progress", **progress})

        try:
            token.check()
            answer = {"id": id, "event": "done", "result": operations.run(request, report, token)}
        except RequestError as error:
            if error.kind == "internal":
                log.exception("request %s", id)
            answer = _failure(id, error)
        with self._lock:
            del self._tokens[id]
        try:
            self._wire.send(answer)
        except ValueError as error:
            # What cannot be written as JSON, such as a number that is none, ends the request and not the process (R1, R2).
            self._wire.send(_failure(id, RequestError("internal", f"the result cannot be sent: {error}")))

    def _beat(self) -> None:
        while not self._ended.wait(self._heartbeat_seconds):
            self._wire.send({"event": "heartbeat", "rss_mb": rss_mb()})


def _failure(id: str | None, error: RequestError) -> dict:
    return {"id": id, "event": "error", "kind": error.kind, "message": str(error)}


def _parse(line: bytes) -> dict:
    with failing_as("bad_request", "a line that is not JSON", ValueError):
        request = json.loads(line)
    if not isinstance(request, dict) or not isinstance(request.get("id"), str) or not isinstance(request.get("op"), str):
        raise RequestError("bad_request", 'a request is an object with the strings "id" and "op"')
    return request
