"""python -m syllabus_runtime"""

import os
import sys
from typing import Any, Callable

from .process import begin_protocol
from .server import Server, own_operations


def main(load: Callable[[], Any] = own_operations) -> int:
    wire = begin_protocol()
    heartbeat = float(os.environ.get("SYLLABUS_HEARTBEAT_SECONDS", "5"))
    try:
        Server(wire, heartbeat, load).serve(sys.stdin.buffer)
    except BrokenPipeError:
        # Nobody reads the answers any more; that is the end of input seen from the other side.
        os._exit(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
