"""A model behind an OpenAI-compatible endpoint. Every HTTP request is taken from the budget before it is sent."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import CannotStart, StoppingError

_fatal = (401, 402, 404, 407, 410)
_passing = (408, 409, 425, 429)
_shown = 240
_least_key = 12
_context_words = re.compile(r"context.?length|maximum context|too long|context_length_exceeded", re.IGNORECASE)
_thoughts = re.compile(r"^\s*<think>.*?</think>\s*", re.DOTALL)
_longest_text = 2**17


class Reply(BaseModel):
    """What a model wrote.

    >>> from syllabus_agent import Reply
    >>> Reply(text="four", model="a-model").truncated
    False
    """

    model_config = ConfigDict(extra="allow")
    text: str
    """Its text, without thoughts."""
    refused: bool = False
    truncated: bool = False
    """It reached its token limit."""
    refusal: str | None = None
    model: str
    inputTokens: int = 0
    outputTokens: int = 0
    estimated: bool | None = None


class Failure(BaseModel):
    """How a call ended without a reply."""

    ok: bool = False
    why: str
    reason: str
    lasting: bool | None = None


class TeacherOptions(BaseModel):
    """How an agent speaks to its model; docs/topology-fields.md describes each under ``teacher``."""

    model_config = ConfigDict(extra="allow")
    model: str
    baseUrl: str | None = None
    apiKeyEnv: str | None = "OPENAI_API_KEY"
    concurrency: int = 80
    maxTries: int = 6
    maxTimeoutMs: int = 120_000
    backoffMs: int = 1000
    maxRetryAfterMs: int = 300_000
    maxReplyBytes: int = 32 * 2**20
    giveUpMs: int = 600_000
    reserveCalls: int = 16
    closedEveryMs: int = 1000

    @staticmethod
    def of(options: dict[str, Any], role: str, variant: str) -> TeacherOptions:
        try:
            return TeacherOptions.model_validate(options)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise CannotStart(
                f'The {role} "{variant}" asks a model and has no usable options: {where}: {first["msg"]}.',
                f"Correct agents.{role}.options; its model can be named with --model or SYLLABUS_MODEL too.",
            ) from error


class TeacherRefused(Exception):
    """The key is refused, or there is no such model: no call can succeed until a person fixes it."""


class TeacherStopped(StoppingError):
    """No call is begun any more, since this process stops."""


class Teacher:
    """One model at one endpoint. At most ``concurrency`` requests are under way; the first goes alone."""

    def __init__(self, options: TeacherOptions) -> None:
        base = options.baseUrl or os.environ.get("OPENAI_BASE_URL", "").strip() or "https://api.openai.com/v1"
        self._url = f"{base.rstrip('/')}/chat/completions"
        self._key = os.environ.get(options.apiKeyEnv, "").strip() if options.apiKeyEnv else ""
        self._options = options
        self._places = asyncio.Semaphore(options.concurrency)
        self._alone = asyncio.Lock()
        self._has_answered = False
        self._session: aiohttp.ClientSession | None = None
        self._refusal: str | None = None
        self.is_closed = False
        self.model = options.model
        self.host = urlsplit(base).netloc or "an address that is none"

    async def ask(
        self, request: dict[str, Any], take: Callable[[], Awaitable[bool]], put_back: Callable[[], None]
    ) -> Reply | Failure:
        """One reply. @raises TeacherRefused, TeacherStopped"""
        fault = ""
        pause = self._options.backoffMs / 1000
        for tries in range(1, self._options.maxTries + 1):
            async with self._places:
                if self._has_answered:
                    ended = await self._once(request, take, put_back, fault)
                else:
                    async with self._alone:
                        ended = await self._once(request, take, put_back, fault)
            if not isinstance(ended, tuple):
                return ended
            fault, wished = ended
            if tries < self._options.maxTries:
                await asyncio.sleep(max(wished, pause if tries > 1 else 0))
                pause = 2 * pause if tries > 1 else pause
        return Failure(why="gone", reason=fault)

    async def _once(
        self,
        request: dict[str, Any],
        take: Callable[[], Awaitable[bool]],
        put_back: Callable[[], None],
        fault: str,
    ) -> Reply | Failure | tuple[str, float]:
        self._check()
        if not await take():
            last = f"; the last ended: {fault}" if fault else ""
            return Failure(why="budget", reason=f"no call is left{last}")
        if self.is_closed or self._refusal:
            put_back()
            self._check()
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._options.maxTimeoutMs / 1000)
            connector = aiohttp.TCPConnector(limit=self._options.concurrency)
            self._session = aiohttp.ClientSession(timeout=timeout, trust_env=True, connector=connector)
        headers = {"User-Agent": "syllabus", **({"Authorization": f"Bearer {self._key}"} if self._key else {})}
        try:
            body = _body_of(self.model, request)
            async with self._session.post(self._url, json=body, headers=headers, allow_redirects=False) as answer:
                data = await answer.content.read(-1)
                return self._ended(answer.status, dict(answer.headers), data[: self._options.maxReplyBytes], request)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            return f"no answer: {self._shown(str(error) or type(error).__name__)}", 0.0

    def _check(self) -> None:
        if self._refusal:
            raise TeacherRefused(self._refusal)
        if self.is_closed:
            raise TeacherStopped("no call is begun any more, since this process stops")

    def _ended(
        self, status: int, headers: dict[str, str], data: bytes, request: dict[str, Any]
    ) -> Reply | Failure | tuple[str, float]:
        import json

        text = data.decode(errors="replace")
        reason = f"HTTP {status}: {self._shown(text) or 'an empty body'}"
        if 200 <= status < 300:
            try:
                reply = _reply_in(json.loads(text), self.model, request)
            except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
                return f"not a chat completion, {reason}", 0.0
            self._has_answered = True
            return reply
        if status in _fatal or 300 <= status < 400:
            self._refusal = reason
            raise TeacherRefused(reason)
        if status == 403:
            return Failure(why="forbidden", reason=reason)
        if status in _passing or status >= 500:
            try:
                wished = float(headers.get("Retry-After", headers.get("retry-after", "0")))
            except ValueError:
                wished = 0.0
            return reason, min(wished, self._options.maxRetryAfterMs / 1000)
        if _context_words.search(text):
            return Failure(why="context", reason=reason, lasting=True)
        return Failure(why="failed", reason=reason, lasting=True)

    def _shown(self, text: str) -> str:
        """The endpoint's words are data of a stranger: shortened, on one line, without the key."""
        line = " ".join(text.split())
        if len(self._key) >= _least_key:
            line = line.replace(self._key, "[key]")
        return line[:_shown]

    async def close(self) -> None:
        self.is_closed = True
        if self._session is not None:
            await self._session.close()


def _body_of(model: str, request: dict[str, Any]) -> dict[str, Any]:
    sampling = request["sampling"]
    fields = {"maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p", "seed": "seed"}
    chosen = {field: sampling[name] for name, field in fields.items() if name in sampling}
    return {"model": model, "messages": request["messages"], "stream": False, **chosen}


def _reply_in(answer: dict[str, Any], model: str, request: dict[str, Any]) -> Reply:
    choice = answer["choices"][0]
    message, finish = choice["message"], choice.get("finish_reason")
    content = message.get("content") or ""
    if not isinstance(content, str):
        content = "".join(part.get("text", "") for part in content)
    text = _thoughts.sub("", content)[:_longest_text]
    refusal = message.get("refusal") or ("finish reason content_filter" if finish == "content_filter" else None)
    usage = answer.get("usage") or {}
    tokens = {"inputTokens": usage.get("prompt_tokens", 0), "outputTokens": usage.get("completion_tokens", 0)}
    if sum(tokens.values()) == 0:
        prompt = "\n".join(turn["content"] for turn in request["messages"])
        tokens = {"inputTokens": -(-len(prompt) // 4), "outputTokens": -(-len(text) // 4), "estimated": True}
    return Reply(
        text=text,
        refused=refusal is not None,
        truncated=finish == "length",
        model=str(answer.get("model") or model)[:200],
        **({"refusal": str(refusal)[:_shown]} if refusal else {}),
        **tokens,
    )
