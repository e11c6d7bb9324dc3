"""Reads typed fields out of parsed JSON, naming the field that is wrong."""

import math
from typing import Any

from .errors import RequestError

_required = object()


def text(source: dict, name: str, default: Any = _required, kind: str = "bad_request", where: str = "") -> Any:
    value = source.get(name)
    if value is None and default is not _required:
        return default
    if not isinstance(value, str):
        raise RequestError(kind, f"{where}field {name!r} must be a string, got {value!r}")
    return value


def whole_text(text: str) -> str:
    """The text with U+FFFD in place of each half of a surrogate pair that stands alone, as UTF-8 encoders write it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(source: dict, name: str, minimum: float, default: Any = _required, whole: bool = False, positive: bool = False) -> Any:
    value = source.get(name)
    if value is None and default is not _required:
        return default
    ok = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= minimum
    if not ok or (whole and value != int(value)) or (positive and value <= 0):
        wanted = "a whole number" if whole else "a number"
        bound = "above 0" if positive else f"of {minimum} or more"
        raise RequestError("bad_request", f"field {name!r} must be {wanted} {bound}, got {value!r}")
    return int(value) if whole else float(value)


def flag(source: dict, name: str, default: bool) -> bool:
    value = source.get(name, default)
    if not isinstance(value, bool):
        raise RequestError("bad_request", f"field {name!r} must be true or false, got {value!r}")
    return value


def mapping(source: dict, name: str, default: dict | None = None) -> dict:
    value = source.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, dict):
        raise RequestError("bad_request", f"field {name!r} must be an object, got {value!r}")
    return value
