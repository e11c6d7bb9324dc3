"""Resident memory of this process, without a dependency."""

import resource
import sys


def rss_mb() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize() // 1_000_000
    except OSError:
        # Where there is no /proc this is the peak; macOS counts it in bytes.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // (1_000_000 if sys.platform == "darwin" else 1_000)
