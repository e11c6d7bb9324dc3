"""The decorators with which a plug-in says what it is."""

from __future__ import annotations

import inspect
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, Union

from .errors import TerminalError
from .messages import ProcedureSource, Program, PromptSource, PublicTask, Row
from .metered.teacher import Reply

schema_version = 1
SourceKind = Literal["procedure", "prompt"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Plugin:
    """What a file declares: one function of one role."""

    role: str
    name: str
    version: str
    asks_model: bool
    sources: tuple[SourceKind, ...]
    function: Callable[..., Any]
    search: dict[str, Any] = field(default_factory=dict)

    @property
    def declaration(self) -> dict[str, Any]:
        """What the launcher is told before a run starts (docs/agent-protocol.md)."""
        return {
            "schemaVersion": schema_version,
            "role": self.role,
            "name": self.name,
            "version": self.version,
            "asksModel": self.asks_model,
            **({"sources": list(self.sources)} if self.role == "generator" else {}),
            **({"search": self.search} if self.search else {}),
        }


attribute = "__syllabus_plugin__"


@dataclass(frozen=True)
class RowText:
    """The text of a row. ``instruction`` is the task's where it is left out.

    >>> RowText(input="What is 2 plus 3?", output="It is \\\\boxed{5.00}.").output
    'It is \\\\boxed{5.00}.'
    """

    input: str
    output: str
    instruction: str | None = None
    """What the row asks for; left out: what the task asks for."""
    difficulty: int | None = None
    core: dict[str, Any] | None = None
    """The numbers of a row of a task's procedure, from which the critic works its answer out again."""
    core_key: str | None = None
    reply: Reply | None = None
    """The model's reply that the row was read in; its origin then names the prompt and the reply."""


Made = Union[RowText, Sequence[RowText]]
Source = Union[ProcedureSource, PromptSource]
Ask = Callable[..., Awaitable[Reply]]


@dataclass(frozen=True)
class RowRequest:
    """One index of a source: what a generator's function is called with.

    Everything random must come from ``random``: it follows from the run's seed and the row's place, so equal requests give equal rows
    in whichever process, and however often.

    >>> from syllabus_agent.testing import request_of
    >>> request_of(index=7).index
    7
    >>> request_of(index=7).random.random() == request_of(index=7).random.random()
    True
    """

    index: int
    skill: str
    source: Source
    """The source of the program that the row is for, with ``kind``, ``rows`` and what its kind says."""
    program: Program
    task: PublicTask
    """The task without its test: instruction, skills, scorer, validation items."""
    seed: str
    options: dict[str, Any] = field(default_factory=dict)
    """``agents.generator.options`` of the topology."""
    _ask: Ask | None = None

    @property
    def random(self) -> random.Random:
        """A generator of random numbers for this row alone, from its beginning each time."""
        return random.Random(self.seed)

    @property
    def instruction(self) -> str:
        """What every row of the task asks for."""
        return self.task.instruction

    async def ask(
        self,
        prompt: str,
        *,
        name: str = "0",
        system: str | None = None,
        temperature: float = 1.0,
        max_tokens: int = 1024,
        top_p: float | None = None,
    ) -> Reply:
        """Asks the run's model once, within the shard's budget. A reply that was paid for before comes from the journal.

        ``name`` keeps several questions for one row apart: give each its own.

        >>> import asyncio
        >>> from syllabus_agent.testing import request_of
        >>> asyncio.run(request_of(reply="four").ask("What is two plus two?")).text
        'four'
        """
        if self._ask is None:
            raise TerminalError("it asks a model and does not declare it: write asks_model=True in its decorator")
        messages = [{"role": "system", "content": system}] if system else []
        messages.append({"role": "user", "content": prompt})
        sampling: dict[str, Any] = {"temperature": temperature, "maxTokens": max_tokens}
        if top_p is not None:
            sampling["topP"] = top_p
        return await self._ask(name, {"messages": messages, "sampling": sampling})


def generator(
    *, name: str, version: str, sources: Iterable[SourceKind] = ("procedure",), asks_model: bool = False
) -> Callable[[F], F]:
    """Declares a generator: a function that makes the row of one index.

    It gets a ``RowRequest`` and returns a ``RowText``, or several; or raises ``NoRow``. It may be ``async``: then it can ``ask`` the run's
    model. ``sources`` are the kinds of sources that it follows.

    >>> from syllabus_agent import RowText, generator
    >>> @generator(name="sums", version="1.0.0")
    ... def make(request):
    ...     a, b = request.random.randint(2, 99), request.random.randint(100, 199)
    ...     return RowText(input=f"What is {a} plus {b}?", output=f"It is \\\\boxed{{{a + b}.00}}.")
    >>> from syllabus_agent.testing import request_of
    >>> make(request_of(index=0)).input.startswith("What is ")
    True
    """

    return _declared("generator", name, version, asks_model, tuple(sources))


@dataclass(frozen=True)
class CheckRequest:
    """One row that the rules have let through: what a critic's function is called with.

    >>> from syllabus_agent.testing import check_of
    >>> check_of(input="How many crates?").row.input
    'How many crates?'
    """

    row: Row
    task: PublicTask
    program: Program
    options: dict[str, Any] = field(default_factory=dict)
    """``agents.critic.options`` of the topology."""


@dataclass(frozen=True)
class PlanRequest:
    """Where the search stands: what a planner's function is called with.

    >>> from syllabus_agent.testing import plan_of
    >>> plan_of(rows=300).situation["rows"]
    300
    """

    situation: dict[str, Any]
    """All that a planner may look at: ``task``, ``rows``, ``attempt``, ``base``, ``history``, ``best``, ``left``, ``sourceKinds``, …"""
    options: dict[str, Any] = field(default_factory=dict)
    """``agents.planner.options`` of the topology."""

    @property
    def random(self) -> random.Random:
        """Random numbers that follow from the run's seed and the attempt, from their beginning each time."""
        return random.Random(f"{self.situation['seed']}/{self.situation['attempt']}")


@dataclass(frozen=True)
class Plan:
    """What a planner decides: a curation program as a dict (docs/program.md), and what it saw and does about it.

    >>> Plan(program={"version": 1}, diagnosis="Nothing is known yet.").diagnosis
    'Nothing is known yet.'
    """

    program: dict[str, Any]
    diagnosis: str


def critic(*, name: str, version: str) -> Callable[[F], F]:
    """Declares a critic: a function that looks at one row which the rules have let through.

    It gets a ``CheckRequest`` and returns None for a row that it lets through, or a text: why it refuses the row.

    >>> from syllabus_agent import critic
    >>> @critic(name="no-crates", version="1.0.0")
    ... def check(request):
    ...     return "crates are boring" if "crate" in request.row.input else None
    >>> from syllabus_agent.testing import check_of
    >>> check(check_of(input="How many crates?"))
    'crates are boring'
    """
    return _declared("critic", name, version, False)


def planner(
    *, name: str, version: str, drafts_only: bool = False, max_attempts: int | None = None
) -> Callable[[F], F]:
    """Declares a planner: a function that writes the next curation program.

    It gets a ``PlanRequest`` and returns a ``Plan``. The program is checked; one that does not hold costs the attempt, and the next
    situation shows its faults. With ``drafts_only`` each attempt begins anew: it improves on nothing. More than ``max_attempts`` are never
    made, whatever the run allows.

    >>> from syllabus_agent import Plan, planner
    >>> @planner(name="evenly", version="1.0.0")
    ... def decide(request):
    ...     skills = [skill["name"] for skill in request.situation["task"]["skills"]]
    ...     return Plan(program={"sources": skills}, diagnosis="As many rows of each skill.")
    >>> from syllabus_agent.testing import plan_of
    >>> decide(plan_of()).program
    {'sources': ['sums']}
    """
    search = {
        **({"draftsOnly": True} if drafts_only else {}),
        **({"maxAttempts": max_attempts} if max_attempts is not None else {}),
    }
    return _declared("planner", name, version, False, search=search)


def _declared(
    role: str,
    name: str,
    version: str,
    asks_model: bool,
    sources: tuple[SourceKind, ...] = (),
    search: dict[str, Any] | None = None,
) -> Callable[[F], F]:
    def declare(function: F) -> F:
        if asks_model and not inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__name__} asks a model, so it must be an async function")
        setattr(function, attribute, Plugin(role, name, version, asks_model, sources, function, search or {}))
        return function

    return declare
