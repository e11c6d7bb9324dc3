"""python -m syllabus_runtime"""

import logging
import os
import sys

from .server import Server
from .wire import take_stdout


def main() -> int:
    wire = take_stdout()
    logging.basicConfig(stream=sys.stderr, level=os.environ.get("SYLLABUS_LOG_LEVEL", "INFO").upper(), format="%(levelname)s %(name)s: %(message)s")
    # Threads that wait for work by spinning starve each other as soon as another process wants a core: measured with one
    # busy process on two cores, 60 replies took 67 s spinning and 7 s sleeping. Read when torch is loaded, so set before.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
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
