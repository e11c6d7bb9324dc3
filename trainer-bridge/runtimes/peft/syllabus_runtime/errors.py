"""Failures a request can end with; the kind goes on the wire."""

import re
from contextlib import contextmanager

KINDS = ("bad_request", "bad_student", "bad_dataset", "cancelled", "out_of_memory", "internal")


class RequestError(Exception):
    """Ends one request, never the process. The message says what, where and how to fix it."""

    def __init__(self, kind: str, message: str):
        assert kind in KINDS
        super().__init__(message)
        self.kind = kind


# What torch says, in a RuntimeError without a class of its own, where the memory of the host or a library of the device ran out.
NO_MEMORY = re.compile(r"can't allocate memory|not enough memory|CUBLAS_STATUS_ALLOC_FAILED|(HIP|MPS backend) out of memory", re.IGNORECASE)


def is_out_of_memory(error: BaseException) -> bool:
    """Apart from other failures: the student may be as it was, but there is no memory for the request."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, (RuntimeError, OSError)) and bool(NO_MEMORY.search(str(error))))
    )


@contextmanager
def failing_as(kind: str, what: str, of: type[Exception] | tuple[type[Exception], ...] = Exception, named: bool = False):
    """What fails within, of this class, ends the request with this kind and message, `named` with its own class; memory that runs out goes on."""
    try:
        yield
    except of as error:
        if isinstance(error, RequestError) or is_out_of_memory(error):
            raise
        why = f"{type(error).__name__}: {error}" if named else error
        raise RequestError(kind, f"{what}: {why}") from error


class CancelToken:
    """Set by `cancel` or at the end of input; looked at between steps."""

    def __init__(self) -> None:
        self._reason: str | None = None

    def cancel(self, reason: str) -> None:
        self._reason = reason

    def check(self) -> None:
        if self._reason is not None:
            raise RequestError("cancelled", self._reason)
