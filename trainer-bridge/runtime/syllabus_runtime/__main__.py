"""python -m syllabus_runtime"""

import logging
import os
import sys

from .server import Server
from .wire import take_stdout


def main() -> int:
    wire = take_stdout()
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("SYLLABUS_LOG_LEVEL", "INFO").upper(), format="%(levelname)s %(name)s: %(message)s")
    # How long threads spin before they sleep, read when torch is loaded. 60 replies on two cores, idle / with another
    # process busy on one: the default spins for milliseconds, 8.6 s / 67 s; no spinning, 13.8 s / 7.4 s, since a
    # woken thread starts late; a short spin, 6.6 s / 8.9 s.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # Bars redrawn with carriage returns would fill the log.
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    heartbeat = float(os.environ.get("SYLLABUS_HEARTBEAT_SECONDS", "5"))
    try:
        Server(wire, heartbeat).serve(sys.stdin.buffer)
    except BrokenPipeError:
        # Nobody reads the answers any more; that is the end of input seen from the other side.
        os._exit(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
