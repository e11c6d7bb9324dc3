"""Failures a request can end with; the kind goes on the wire."""

KINDS = ("bad_request", "bad_student", "bad_dataset", "cancelled", "out_of_memory", "internal")


class RequestError(Exception):
    """Ends one request, never the process. The message says what, where and how to fix it."""

    def __init__(self, kind: str, message: str):
        assert kind in KINDS
        super().__init__(message)
        self.kind = kind


class CancelToken:
    """Set by `cancel` or at the end of input; looked at between steps."""

    def __init__(self) -> None:
        self._reason: str | None = None

    def cancel(self, reason: str) -> None:
        self._reason = reason

    def check(self) -> None:
        if self._reason is not None:
            raise RequestError("cancelled", self._reason)
