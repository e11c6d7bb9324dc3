"""Values under keys, in the wire format of every NATS client, without consumers and direct gets (bus/kv.ts, K1 to K5)."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import TerminalError
from . import names
from .link import ApiError, Link

M = TypeVar("M", bound=BaseModel)
_key_form = re.compile(r"[-\w/=]+(\.[-\w/=]+)*", re.ASCII)


@dataclass(frozen=True)
class Held(Generic[M]):
    value: M
    revision: int


def dump(value: BaseModel) -> bytes:
    """JSON as the other agents write it: a field that was left out stays out."""
    return value.model_dump_json(by_alias=True, exclude_unset=True).encode()


def headers_in(text: str) -> dict[str, str]:
    lines = base64.b64decode(text).decode(errors="replace").split("\r\n")[1:] if text else []
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines if ":" in line)}


class Kv(Generic[M]):
    """One bucket of LAB. A write that names a revision loses against whoever wrote in between, and says so."""

    def __init__(self, link: Link, bucket: str, schema: type[M]) -> None:
        self._link = link
        self._bucket = bucket
        self._stream = f"KV_{bucket}"
        self._schema = schema

    def _subject(self, key: str) -> str:
        if not _key_form.fullmatch(key):
            raise TerminalError(f'"{key}" cannot be a key of {self._bucket}')
        return f"$KV.{self._bucket}.{key}"

    async def _last(self, key: str) -> dict[str, Any] | None:
        try:
            answer = await self._link.api(
                f"$JS.API.STREAM.MSG.GET.{self._stream}", {"last_by_subj": self._subject(key)}, f"stream {self._stream}"
            )
        except ApiError as error:
            if error.is_missing:
                return None
            raise
        message: dict[str, Any] = answer["message"]
        return message

    async def get(self, key: str) -> Held[M] | None:
        stored = await self._last(key)
        if stored is None or headers_in(stored.get("hdrs", "")).get("KV-Operation"):
            return None
        try:
            value = self._schema.model_validate_json(base64.b64decode(stored.get("data", "")))
        except ValidationError as error:
            raise TerminalError(f"{self._bucket}/{key} does not parse: {error}") from error
        return Held(value, int(stored["seq"]))

    async def _write(self, key: str, body: bytes, expected: int | None, operation: str | None = None) -> int | None:
        """The revision; None where another wrote in between. Sent again after a lost answer it is no conflict with itself."""
        own_id = secrets.token_urlsafe(16)
        headers = {names.message_id: own_id}
        if expected is not None:
            headers[names.expected_sequence] = str(expected)
        if operation:
            headers["KV-Operation"] = operation
        until = time.monotonic() + self._link.limits.awayMs / 1000
        while True:
            try:
                ack = await self._link.store(self._subject(key), body, headers, f"stream {self._stream}")
                return int(ack["seq"])
            except ApiError as error:
                if not error.is_conflict:
                    raise
                found = await self._last(key)
                if found and headers_in(found.get("hdrs", "")).get(names.message_id) == own_id:
                    return int(found["seq"])
                is_pending = (int(found["seq"]) if found else 0) == expected
                if not is_pending or time.monotonic() > until:
                    return None
                await asyncio.sleep(0.1)

    async def create(self, key: str, value: M) -> int | None:
        """The revision; None where there is a value already."""
        first = await self._write(key, dump(value), 0)
        if first is not None:
            return first
        found = await self._last(key)
        if found is None or not headers_in(found.get("hdrs", "")).get("KV-Operation"):
            return None
        return await self._write(key, dump(value), int(found["seq"]))

    async def update(self, key: str, value: M, revision: int) -> int | None:
        return await self._write(key, dump(value), revision)

    async def modify(self, key: str, change: Callable[[M | None], M]) -> Held[M]:
        """Reads, changes and writes; all of it again where another wrote in between. What holds afterwards."""
        while True:
            held = await self.get(key)
            value = change(held.value if held else None)
            if held and value is held.value:
                return held
            revision = await (self.update(key, value, held.revision) if held else self.create(key, value))
            if revision is not None:
                return Held(value, revision)

    async def put_json(self, key: str, value: dict[str, Any]) -> None:
        await self._write(key, json.dumps(value).encode(), None)

    async def delete(self, key: str) -> None:
        await self._write(key, b"", None, "DEL")

    async def keys(self, prefix: str) -> list[str]:
        """Keys below a prefix."""
        whole = f"$KV.{self._bucket}."
        answer = await self._link.api(
            f"$JS.API.STREAM.INFO.{self._stream}",
            {"subjects_filter": f"{whole}{prefix}.*", "deleted_details": False},
            f"stream {self._stream}",
        )
        subjects: dict[str, int] = answer["state"].get("subjects") or {}
        return sorted(subject.removeprefix(whole) for subject in subjects)
