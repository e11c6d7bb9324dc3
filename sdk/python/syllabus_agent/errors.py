"""What a plug-in raises to decide what becomes of a message, and what the agent raises where it cannot work."""

from __future__ import annotations


class TerminalError(Exception):
    """The message can never be handled: it becomes a dead letter with this reason, and is not delivered again.

    >>> raise TerminalError("the program asks for a skill that this generator does not know")
    Traceback (most recent call last):
        ...
    syllabus_agent.errors.TerminalError: the program asks for a skill that this generator does not know
    """


class RetryError(Exception):
    """Not now: the message comes again after ``after_ms``, or after its own backoff where that is left out.

    >>> RetryError("the database is away", after_ms=5000).after_ms
    5000
    """

    def __init__(self, reason: str, after_ms: int | None = None) -> None:
        super().__init__(reason)
        self.after_ms = after_ms


class NoRow(Exception):
    """No row can be made for this index. The reason stands in the run's yield; the rest of the shard goes on.

    >>> raise NoRow("the equation has no solution")
    Traceback (most recent call last):
        ...
    syllabus_agent.errors.NoRow: the equation has no solution
    """


class StoppingError(Exception):
    """This process stops before the work is done: the message is given back at once, and nobody is at fault."""


class NotOwner(Exception):
    """Another process owns the paid work now."""


class CannotStart(Exception):
    """The agent cannot work for a reason that a person has to fix. ``fix`` is what that person does about it.

    ``kind`` is one of parse, missing-package, missing-file, exports, throws.
    """

    def __init__(self, reason: str, fix: str | None = None, kind: str = "throws") -> None:
        super().__init__(reason)
        self.fix = fix
        self.kind = kind


def reason_of(error: BaseException) -> str:
    """An error as a person reads it: its text, and its kind where the text alone says little."""
    text = " ".join(str(error).split())
    if isinstance(error, (TerminalError, RetryError, NoRow, StoppingError, NotOwner, CannotStart)):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
