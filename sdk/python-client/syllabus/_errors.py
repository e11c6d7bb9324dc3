from __future__ import annotations


class SyllabusError(Exception):
    """Anything that kept a call from its result. `exit_code` is that of the command; `fix` says how to put it right."""

    def __init__(self, exit_code: int, what: str, fix: str = "", run_id: str | None = None) -> None:
        super().__init__(f"{what}\n{fix}" if fix else what)
        self.exit_code = exit_code
        self.what = what
        self.fix = fix
        self.run_id = run_id


class BadInputError(SyllabusError):
    """Exit code 2: an option, a file or a part that is missing; nothing was paid."""


class NoResultError(SyllabusError):
    """Exit code 3: no valid dataset, or fewer rows than were wanted. `read_run(error.run_id)` has what was made."""


class RunFaultedError(SyllabusError):
    """Exit code 4: a message became a dead letter, and the run waits. `syllabus resume` goes on once the cause is fixed."""


class RunInterruptedError(SyllabusError):
    """Exit code 130: interrupted, after what was in hand was finished. Nothing is lost."""


_KINDS: dict[int, type[SyllabusError]] = {
    2: BadInputError,
    3: NoResultError,
    4: RunFaultedError,
    130: RunInterruptedError,
}


def error_of(exit_code: int, what: str, fix: str, run_id: str | None) -> SyllabusError:
    """The error of an exit code."""
    return _KINDS.get(exit_code, SyllabusError)(exit_code, what, fix, run_id)
