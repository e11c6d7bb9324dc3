"""Names and headers that the server knows. The rules are those of bus/subjects.ts and bus/headers.ts."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

message_id = "Nats-Msg-Id"
traceparent = "traceparent"
cause_header = "Syllabus-Cause"
from_header = "Syllabus-From"
message_header = "Syllabus-Message"
server_copy = "Nats-Stream"
expected_sequence = "Nats-Expected-Last-Subject-Sequence"

log_stream = "RUN"
object_stream = "OBJECTS_LAB"
object_prefix = "objects.lab"


@dataclass(frozen=True)
class Work:
    """A message that one role sends and one role works on."""

    name: str
    version: int
    to: str
    ack_wait_ms: int
    max_deliver: int
    backoff_ms: tuple[int, ...] = (1000, 5000, 15_000, 30_000)

    @property
    def tag(self) -> str:
        return f"{self.name}@{self.version}"


shard = Work("shard", 2, "generator", 30_000, 8)
batch = Work("batch", 2, "critic", 30_000, 8)
tried = Work("tried", 1, "planner", 30_000, 6)
progress_tag = "progress@2"


@dataclass(frozen=True)
class Cause:
    """What a message follows from: the id and trace context of the message being handled."""

    id: str
    traceparent: str


def _hex(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def traceparent_for(run_id: str, whole_id: str, cause: Cause | None) -> str:
    """W3C trace context that follows from the run and the message, so that a message published twice carries the same."""
    parts = cause.traceparent.split("-") if cause else []
    trace_id = parts[1] if len(parts) > 1 else _hex(f"run {run_id}", 32)
    return f"00-{trace_id}-{_hex(f'message {whole_id}', 16)}-01"


def work_subject(message: Work, run_id: str, queue: str) -> str:
    return f"run.{run_id}.{message.to}.{queue}.{message.name}"


def event_subject(name: str, run_id: str) -> str:
    return f"run.{run_id}.event.{name}"


def durable_name(message: Work, queue: str) -> str:
    return f"{message.to}-{queue}-{message.name}"


def object_tokens(name: str) -> str:
    """A name as subject tokens: every other character than letters, digits, ``-`` and ``_`` as ``=`` and its code."""
    parts = name.split("/")
    if "" in parts:
        raise ValueError(f'"{name}" cannot be an object\'s name')
    return ".".join(re.sub(r"[^\w-]", lambda sign: f"={ord(sign.group()):x}=", part, flags=re.ASCII) for part in parts)
