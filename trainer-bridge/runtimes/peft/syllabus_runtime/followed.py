"""A training in a process of another program: started, followed by the log that it writes, cancelled, and started again where it was cut.

F1 It ends with this process, however this one ends.
F2 What a signal ended that nobody here sent is started once more; the second time the request fails and says so.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from threading import Thread
from typing import Callable

from .errors import CancelToken, RequestError

log = logging.getLogger(__name__)
POLL_SECONDS = 0.2
STARTS = 2
KEPT_LINES = 200
SHOWN_CHARS = 400
# What programs say where memory ran out; the system itself says nothing and kills.
NO_MEMORY = ("OutOfMemoryError", "CUDA out of memory", "MemoryError", "CUBLAS_STATUS_ALLOC_FAILED", "can't allocate memory")


def run_followed(name: str, command: list[str], env: dict[str, str], cwd: Path, steps: Path, on_step: Callable[[dict], None], cancel: CancelToken) -> None:
    """Runs the command to its end. `steps`: the file of JSON lines that it writes, each given to `on_step`. Raises RequestError."""
    for start in range(1, STARTS + 1):
        steps.unlink(missing_ok=True)
        status, said = _once(command, env, cwd, steps, on_step, cancel)
        if status == 0:
            return
        if any(mark in line for line in said for mark in NO_MEMORY):
            raise RequestError("out_of_memory", f"memory ran out in {name}: {_reason(said)}; lower per_device_train_batch_size or cutoff_len, or use a smaller student")
        if status <= 128:
            raise RequestError("internal", f"{name} ended with status {status}: {_reason(said)}")
        log.warning("%s was ended by signal %d", name, status - 128)
    kind = "out_of_memory" if status - 128 == signal.SIGKILL else "internal"
    hint = "; where nobody did that, the system did for want of memory" if kind == "out_of_memory" else ""
    raise RequestError(kind, f"{name} was ended by signal {status - 128} {STARTS} times in a row, and its training is lost{hint}")


def _once(command: list[str], env: dict[str, str], cwd: Path, steps: Path, on_step: Callable[[dict], None], cancel: CancelToken) -> tuple[int, list[str]]:
    """Its exit status, 128 and the signal where one ended it; and the end of what it said."""
    tied = [sys.executable, "-m", "syllabus_runtime.tied", *command]
    process = subprocess.Popen(tied, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, process_group=0)
    said: deque[str] = deque(maxlen=KEPT_LINES)
    reader = Thread(target=_keep, args=(process.stdout, said), daemon=True)
    reader.start()
    read = 0
    try:
        while True:
            status = process.poll()
            read = _read_new(steps, read, on_step)
            if status is not None:
                reader.join(timeout=5)
                return (status if status >= 0 else 128 - status), list(said)
            cancel.check()
            time.sleep(POLL_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _keep(stream, said: deque) -> None:
    for raw in stream:
        if line := raw.decode("utf-8", "replace").strip():
            said.append(line)
            log.debug("%s", line[:SHOWN_CHARS])


def _read_new(path: Path, start: int, on_step: Callable[[dict], None]) -> int:
    """Gives the whole lines after byte `start`, and returns where they end."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            new = file.read()
    except FileNotFoundError:
        return start
    whole = new[: new.rfind(b"\n") + 1]
    for line in whole.splitlines():
        on_step(json.loads(line))
    return start + len(whole)


def _reason(said: list[str]) -> str:
    """The line that most likely says why: the last that names an error, else the last one."""
    errors = [line for line in said if "Error" in line]
    return (errors or said or ["it said nothing"])[-1][:SHOWN_CHARS]
