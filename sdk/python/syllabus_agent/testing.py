"""Requests and rows for the tests of a plug-in, without a bus."""

from __future__ import annotations

from typing import Any

from .declare import CheckRequest, PlanRequest, RowRequest
from .messages import Program, PublicTask, Row
from .metered.teacher import Reply

_hash = "0" * 64


def task_of(**changes: Any) -> PublicTask:
    """A task with one skill, "sums"; each of its fields can be given.

    >>> task_of(instruction="Add up.").instruction
    'Add up.'
    """
    split = {"file": "validation.jsonl", "sha256": _hash, "count": 1}
    task = {
        "id": "a-task",
        "title": "A task",
        "description": "Sums of two numbers.",
        "goal": "Work sums out.",
        "instruction": "Solve the problem.",
        "scorer": {"name": "boxed-number", "primary": "strict"},
        "recipe": {
            "lora_rank": 8, "lora_alpha": 16, "lora_dropout": 0, "lora_target": "all", "learning_rate": 0.001,
            "lr_scheduler_type": "cosine", "warmup_ratio": 0.1, "num_train_epochs": 1, "per_device_train_batch_size": 8,
            "gradient_accumulation_steps": 1, "cutoff_len": 512, "bf16": False, "max_grad_norm": 1, "system": "",
        },
        "inference": {"max_new_tokens": 64, "batch_size": 8, "do_sample": False},
        "rows": {"target": 100, "minimum": 10},
        "skills": [{"name": "sums", "description": "Sums."}],
        "splits": {"validation": split, "test": split},
        "headline": "in-template",
        "departures": [],
        "sha256": _hash,
        "validation": [],
        "fewShot": [],
        "sampleSubmission": [],
    }  # fmt: skip
    return PublicTask.model_validate({**task, **changes})


def program_of(skill: str = "sums") -> Program:
    """A program with one source.

    >>> program_of("sums").sources[0].skill
    'sums'
    """
    source = {
        "id": skill, "kind": "procedure", "skill": skill, "rows": 100, "phrasings": 4, "wideShare": 0.5, "difficulty": [1, 1, 1],
    }  # fmt: skip
    return Program.model_validate(
        {
            "version": 1,
            "sources": [source],
            "contract": {"maxInputChars": 2000, "maxOutputChars": 2000},
            "filters": {"nearDuplicateJaccard": 0.7, "contaminationShare": 0.6},
            "verification": "none",
            "carryOver": None,
        }
    )


def _replying(reply: str) -> Any:
    async def ask(name: str, request: dict[str, Any]) -> Reply:
        return Reply(text=reply, model="a-model")

    return ask


def request_of(
    index: int = 0, *, skill: str = "sums", seed: str = "1", task: PublicTask | None = None, reply: str = "", **options: Any
) -> RowRequest:
    """A request for the row of one index. ``reply`` is what a model answers to everything.

    >>> request_of(index=3, skill="sums").skill
    'sums'
    """
    program = program_of(skill)
    whole_seed = f"{seed}/a1.r1.{skill}.{index}.0"
    return RowRequest(index, skill, program.sources[0], program, task or task_of(), whole_seed, options, _replying(reply))


def check_of(
    input: str = "What is 2 plus 3?", output: str = "It is \\boxed{5.00}.", *, task: PublicTask | None = None, **changes: Any
) -> CheckRequest:
    """A request for the check of one row; ``changes`` are fields of the row.

    >>> check_of(input="What is 1 plus 1?").row.input
    'What is 1 plus 1?'
    """
    row = {
        "id": "a1.r1.sums.0.0",
        "skill": "sums",
        "source": "sums",
        "instruction": "Solve the problem.",
        "input": input,
        "output": output,
        "origin": {"generator": "mine"},
    }
    return CheckRequest(Row.model_validate({**row, **changes}), task or task_of(), program_of())


def plan_of(*, rows: int = 100, attempt: int = 1, seed: int = 1, **changes: Any) -> PlanRequest:
    """A request for the first program of a search; ``changes`` are fields of its situation.

    >>> plan_of(attempt=2).situation["attempt"]
    2
    """
    situation = {
        "runId": "a-run",
        "operation": "draft",
        "attempt": attempt,
        "rows": rows,
        "seed": seed,
        "task": task_of().model_dump(by_alias=True, mode="json", exclude_unset=True),
        "base": None,
        "history": [],
        "best": None,
        "sampleRows": [],
        "sourceKinds": ["procedure"],
        "meteredChecks": False,
        "left": {"attempts": 3, "hours": 12, "teacherCalls": None},
        "prices": {},
    }
    return PlanRequest({**situation, **changes})
