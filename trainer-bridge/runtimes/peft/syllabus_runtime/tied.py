"""python -m syllabus_runtime.tied COMMAND ARGUMENT...: runs a command, and ends it with all that it started when standard input closes."""

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)

    def watch() -> None:
        # Unbuffered: a lock on a buffer could not be taken when this process ends.
        while os.read(0, 1):
            pass
        # This process leads the group, so it ends with it.
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    status = child.wait()
    # As a shell has it: a signal shows in the status.
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
