"""How a process of this package begins, and how a command of it ends."""

import logging
import os
import sys
from typing import Callable

from .wire import Wire, take_stdout

DEFAULTS = {
    # How long threads spin before they sleep, read when torch is loaded. 60 replies on two cores, idle / with another
    # process busy on one: the default spins for milliseconds, 8.6 s / 67 s; no spinning, 13.8 s / 7.4 s, since a
    # woken thread starts late; a short spin, 6.6 s / 8.9 s.
    "GOMP_SPINCOUNT": "1000",
    # Bars redrawn with carriage returns would fill the log.
    "TQDM_DISABLE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def begin_protocol() -> Wire:
    """Stdout for the protocol alone, the log on stderr, and `DEFAULTS` in the environment."""
    wire = take_stdout()
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("SYLLABUS_LOG_LEVEL", "INFO").upper(), format="%(levelname)s %(name)s: %(message)s")
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    return wire


def run_command(usage: str, counts: tuple[int, ...], work: Callable[..., None]) -> int:
    """Calls `work` with the arguments, of which there are as many as one of `counts`; a failure is one line on stderr. Returns the exit status."""
    given = sys.argv[1:]
    if len(given) not in counts:
        print(f"usage: python -m syllabus_runtime.{usage}", file=sys.stderr)
        return 2
    try:
        work(*given)
    except Exception as error:
        print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
        return 1
    return 0
