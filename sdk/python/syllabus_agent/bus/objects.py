"""Blobs that never change, in chunks on subjects of their own (bus/objects.ts, B1 to B4)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import RetryError, TerminalError
from ..messages import ObjectRef
from . import names
from .kv import dump
from .link import ApiError, Link

M = TypeVar("M", bound=BaseModel)
_chunk_bytes = 512 * 1024
_kept = 16


class Objects:
    """The objects of LAB. A document that was read of late is not read again."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._known: OrderedDict[str, Any] = OrderedDict()

    def _subject(self, ref: ObjectRef, index: int) -> str:
        return f"{names.object_prefix}.{names.object_tokens(ref.name)}.{ref.sha256}.{index}"

    async def put(self, name: str, data: bytes) -> ObjectRef:
        ref = ObjectRef(account="LAB", name=name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        for index in range(_count(ref)):
            chunk = data[index * _chunk_bytes : (index + 1) * _chunk_bytes]
            headers = {names.message_id: secrets.token_urlsafe(16)}
            until = time.monotonic() + self._link.limits.awayMs / 1000
            while True:
                try:
                    await self._link.store(self._subject(ref, index), chunk, headers, f"stream {names.object_stream}")
                    break
                except ApiError as error:
                    if not error.is_held:
                        raise
                    # In a cluster a refusal because its subject is held counts only once the chunk can be read (B2).
                    if not self._link.is_clustered or await self._chunk(ref, index) is not None:
                        break
                    if time.monotonic() > until:
                        raise RetryError(f"object {name} could not be stored") from error
                    await asyncio.sleep(0.5)
        return ref

    async def _chunk(self, ref: ObjectRef, index: int) -> bytes | None:
        try:
            answer = await self._link.api(
                f"$JS.API.STREAM.MSG.GET.{names.object_stream}",
                {"last_by_subj": self._subject(ref, index)},
                f"stream {names.object_stream}",
            )
        except ApiError as error:
            if error.is_missing:
                return None
            raise
        return base64.b64decode(answer["message"].get("data", ""))

    async def _existing(self, ref: ObjectRef, index: int) -> bytes:
        until = time.monotonic() + (self._link.limits.staleMs / 1000 if self._link.is_clustered else 0)
        while True:
            data = await self._chunk(ref, index)
            if data is not None:
                return data
            if time.monotonic() >= until:
                raise TerminalError(f"object {ref.account}/{ref.name} is not there (chunk {index})")
            await asyncio.sleep(0.5)

    async def get(self, ref: ObjectRef) -> bytes:
        data = b"".join([await self._existing(ref, index) for index in range(_count(ref))])
        found = hashlib.sha256(data).hexdigest()
        if found != ref.sha256:
            raise TerminalError(f"object {ref.name} has SHA-256 {found}, its reference names {ref.sha256}")
        return data

    async def put_json(self, name: str, value: BaseModel) -> ObjectRef:
        return await self.put(name, dump(value))

    async def read(self, ref: ObjectRef, schema: type[M]) -> M:
        """A stored document, parsed."""
        key = f"{schema.__name__} {ref.sha256}"
        if key in self._known:
            self._known.move_to_end(key)
            known: M = self._known[key]
            return known
        try:
            value = schema.model_validate_json(await self.get(ref))
        except ValidationError as error:
            raise TerminalError(f"object {ref.account}/{ref.name} does not parse: {error}") from error
        self._known[key] = value
        if len(self._known) > _kept:
            self._known.popitem(last=False)
        return value


def _count(ref: ObjectRef) -> int:
    return max(1, -(-ref.bytes // _chunk_bytes))
