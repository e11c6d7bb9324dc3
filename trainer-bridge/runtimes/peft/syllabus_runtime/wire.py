"""JSON lines out. Whatever a library prints goes to stderr, so that stdout carries the protocol alone."""

import json
import os
import sys
import threading


class Wire:
    def __init__(self, descriptor: int):
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def send(self, message: dict) -> None:
        # Escaped, since half a surrogate pair, say in a path or an id, has no UTF-8.
        line = json.dumps(message, allow_nan=False)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def take_stdout() -> Wire:
    """Moves the real stdout to a descriptor of its own and points descriptor 1 at stderr, for native code too."""
    sys.stdout.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return Wire(own)
