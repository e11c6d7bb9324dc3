"""What a runtime does that trains with a program of its own, and nothing else: `hello`, `check` and `train`."""

import math
import os
import shutil
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Callable

import torch
from transformers import AutoConfig, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from . import PROTOCOL, REVISION, fields
from .chat_settings import parse_chat_settings
from .chat_template import chat_template_of
from .context import context_of
from .device import pick_device, pick_dtype
from .errors import CancelToken, RequestError, failing_as
from .followed import run_followed
from .recipe import KNOWN, Recipe, halved, parse_recipe
from .rendered import Rendered, render_rows
from .rows import read_rows
from .schedule import plan_steps
from .trained import shared_name, take_trained

OPERATIONS = ("hello", "check", "train")
PROGRESS_SECONDS = 2.0


@dataclass(frozen=True)
class Training:
    """What a program is given. `keys`: those of the recipe that go to it as they are; `folder`: its own, made for this training."""

    student: str
    revision: str | None
    rows: list[Rendered]
    recipe: Recipe
    keys: dict
    seed: int
    folder: Path
    device: torch.device
    # Processes that train together, each on a device of its own.
    processes: int
    # How often the rows of a pass are halved, where memory ran out before.
    halvings: int = 0

    @property
    def bf16(self) -> bool:
        return pick_dtype(self.device, self.recipe.bf16) == torch.bfloat16

    @property
    def batch(self) -> int:
        """Rows of a pass: the recipe's, or the most of its divisors that the halvings leave."""
        written = self.recipe.per_device_train_batch_size
        most = max(1, written >> self.halvings)
        return next(rows for rows in range(most, 0, -1) if written % rows == 0)

    @property
    def accumulation(self) -> int:
        """Passes of each process in a step, so that a step has the recipe's rows however many train together."""
        passes = self.recipe.rows_per_step // self.batch
        if passes % self.processes == 0:
            return passes // self.processes
        message = f"the {passes} passes of a step cannot be divided among {self.processes} devices; write a gradient_accumulation_steps that is a multiple of {self.processes}, or name fewer devices"
        raise RequestError("bad_request", message)


class Program(ABC):
    """A program that trains: its name, the package that it is, others whose versions are said, and the recipe's keys that it knows beyond the common ones."""

    name: str
    package: str
    parts: tuple[str, ...] = ()
    keys: frozenset[str] = frozenset()

    @abstractmethod
    def prepare(self, training: Training) -> list[str]:
        """Writes its files into the folder and returns the command. It writes a line of JSON a step to `steps_of`, and its result to `made_in`."""

    @abstractmethod
    def steps_of(self, folder: Path) -> Path: ...

    @abstractmethod
    def made_in(self, folder: Path) -> Path: ...

    @abstractmethod
    def read_step(self, line: dict) -> tuple[int, int, float] | None:
        """Step, steps and loss of a line of its log; None where it says something else."""

    @abstractmethod
    def seconds_of(self, folder: Path) -> float:
        """What the training alone took."""

    def check_keys(self, keys: dict, device: torch.device) -> None:
        unknown = sorted(set(keys) - self.keys)
        if unknown:
            raise RequestError("bad_request", f"{self.name} has no use for the recipe's keys {unknown}; known are {sorted(KNOWN | self.keys)}")
        if "quantization_bit" in keys and device.type != "cuda":
            raise RequestError("bad_request", f"quantization_bit needs an NVIDIA GPU, and this machine trains on {device.type}; leave it out, or train on a GPU")

    def environment(self, training: Training) -> dict[str, str]:
        return {**os.environ}


class TrainerOperations:
    def __init__(self, program: Program) -> None:
        self._program = program

    def run(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        """The result of a request; raises RequestError."""
        operation = request["op"]
        if operation not in OPERATIONS:
            raise RequestError("bad_request", f"{self._program.name} has no op {operation!r}; known are {', '.join(OPERATIONS)}, cancel")
        try:
            return getattr(self, f"_{operation}")(request, report, cancel)
        except RequestError:
            raise
        except Exception as error:
            raise RequestError("internal", f"{operation} failed: {type(error).__name__}: {error}") from error

    def _hello(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        program = self._program
        return {
            "protocol": PROTOCOL,
            "revision": REVISION,
            "device": pick_device().type,
            **{name: version(name) for name in ("torch", "transformers", "peft")},
            "version": version(program.package),
            "versions": {name: version(name) for name in (program.package, *program.parts)},
            "threads": torch.get_num_threads(),
        }

    def _check(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        """Whether the program's own transformers knows the student. It is trained and asked by the project's own runtime, which finds out more."""
        settings = parse_chat_settings(fields.mapping(request, "chat", {}))
        name, revision = fields.text(request, "student"), fields.text(request, "student_revision", None)
        tokenizer, config = self._student(name, revision)
        template = chat_template_of(tokenizer, settings)
        return {
            "model": config.model_type,
            "context": context_of(config.get_text_config(decoder=True)),
            "decoding": "not tried",
            "attention": "not tried",
            "end": template.end,
            "system_turn": not template.folds_system,
            "opens_thoughts": template.opens_thoughts,
        }

    def _train(self, request: dict, report: Callable, cancel: CancelToken) -> dict:
        program = self._program
        source = fields.mapping(request, "recipe")
        halvings = fields.number(request, "halvings", 0, 0, whole=True)
        recipe = halved(parse_recipe({key: value for key, value in source.items() if key in KNOWN}), halvings)
        keys = {key: value for key, value in source.items() if key not in KNOWN}
        device = pick_device()
        program.check_keys(keys, device)
        seed = fields.number(request, "seed", 0, 0, whole=True)
        halvings = fields.number(request, "halvings", 0, 0, whole=True)
        out = Path(fields.text(request, "out"))
        rows = read_rows(fields.text(request, "dataset"))
        name, revision = fields.text(request, "student"), fields.text(request, "student_revision", None)
        tokenizer, config = self._student(name, revision)
        kept = render_rows(tokenizer, rows, recipe, context_of(config.get_text_config(decoder=True)))
        cancel.check()
        folder = out / program.package
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        training = Training(name, revision, kept, recipe, keys, seed, folder, device, devices_used(device), halvings)
        command = program.prepare(training)
        follower = Follower(training, program, report)
        try:
            run_followed(program.name, command, program.environment(training), folder, program.steps_of(folder), follower.hear, cancel)
            adapter, sha256 = take_trained(program.made_in(folder), out, shared_name(name))
            seconds = program.seconds_of(folder)
        finally:
            for leftover in folder.iterdir():
                # What it was told stays beside the adapter.
                if leftover.name not in ("recipe.yaml", "recipe.json", "dataset_info.json"):
                    shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        return {
            "adapter": str(adapter),
            "sha256": sha256,
            "steps": len(follower.curve),
            "rows": len(kept),
            "left_out": len(rows) - len(kept),
            "tokens": follower.tokens,
            "seconds": round(seconds, 3),
            "tokens_per_s": round(follower.tokens / seconds, 1),
            "loss_curve": follower.curve,
            "device": device.type,
            "halvings": halvings,
        }

    def _student(self, name: str, revision: str | None):
        with failing_as("bad_student", f"{self._program.name} cannot load the student {name!r}"):
            tokenizer, config = AutoTokenizer.from_pretrained(name, revision=revision), AutoConfig.from_pretrained(name, revision=revision)
            if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING and type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
                raise ValueError(f"its transformers has no language model of the kind {config.model_type}")
            return tokenizer, config


class Follower:
    """Makes progress and a loss curve of a program's log. Rows are trained on in the order that is known, so tokens are counted, not asked for."""

    def __init__(self, training: Training, program: Program, report: Callable) -> None:
        self._program, self._report = program, report
        self._planned = [sum(row.tokens for row in step) for step in plan_steps(training.rows, training.recipe, training.seed)]
        self._began = self._reported = time.monotonic()
        self._first: float | None = None
        self.curve: list[list[float]] = []

    @property
    def tokens(self) -> int:
        return sum(self._planned[: len(self.curve)])

    def hear(self, line: dict) -> None:
        read = self._program.read_step(line)
        if read is None:
            return
        step, steps, loss = read
        if not math.isfinite(loss):
            raise RequestError("internal", f"the loss became {loss} at step {step} of {steps}; lower the learning rate")
        # A program that was started again begins anew.
        self.curve = [*self.curve[: step - 1], [step, round(loss, 6)]]
        now = time.monotonic()
        if step == 1:
            self._first = now
        if step > 1 and step < steps and now - self._reported < PROGRESS_SECONDS:
            return
        self._reported = now
        # The time before the first step is loading.
        spent = max(now - (self._first if self._first and step > 1 else self._began), 1e-6)
        counted = max(step - 1, 1)
        self._report(phase="train", step=step, steps=steps, loss=round(loss, 6), tokens_per_s=round(self.tokens * counted / step / spent, 1), eta_s=round(spent / counted * (steps - step), 1))


def devices_used(device: torch.device) -> int:
    """All that CUDA_VISIBLE_DEVICES names; one where nothing is named."""
    return max(1, torch.cuda.device_count()) if device.type == "cuda" and os.environ.get("CUDA_VISIBLE_DEVICES") else 1
