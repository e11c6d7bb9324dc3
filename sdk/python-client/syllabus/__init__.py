"""Start runs of Syllabus, follow them, and read what they made.

Every call is a command of the command line in a process of its own. So the program that calls keeps its streams and its signals, and a
fault of Syllabus cannot end it.
"""

from ._command import Place
from ._errors import (
    BadInputError,
    NoResultError,
    RunFaultedError,
    RunInterruptedError,
    SyllabusError,
)
from ._events import Event
from ._run import Generated, Going, RunResult, estimate, generate, run
from ._stored import StoredRun, list_runs, read_run

__all__ = [
    "BadInputError",
    "Event",
    "Generated",
    "Going",
    "NoResultError",
    "Place",
    "RunFaultedError",
    "RunInterruptedError",
    "RunResult",
    "StoredRun",
    "SyllabusError",
    "estimate",
    "generate",
    "list_runs",
    "read_run",
    "run",
]
