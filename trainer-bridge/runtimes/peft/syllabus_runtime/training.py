"""LoRA fine-tuning of a student on rows.

Loss: the sum of the cross entropy over all completion tokens (end of turn included) of a step's rows, divided by their
number. A step's rows are per_device_train_batch_size x gradient_accumulation_steps; how they are cut into passes is a
matter of memory and changes nothing but rounding, so it is the same recipe on every device.
"""

import gc
import logging
import math
import time
from pathlib import Path
from typing import Callable

import torch

from .batches import cut, pad_right
from .chat import Example, encode_row
from .device import empty_cache, make_deterministic, random_states, set_random_states
from .errors import CancelToken, RequestError, is_out_of_memory
from .lora import fresh_adapter, save_adapter, trainable
from .fast.prefix import common_prefix, prefill_prefix, spread
from .recipe import Recipe
from .rows import Row
from .schedule import learning_rate_factor, plan_steps
from .student import Student

log = logging.getLogger(__name__)
PROGRESS_SECONDS = 2.0
# Padded tokens in one pass: bounds the memory of activations.
PASS_TOKENS = {"cpu": 4096, "mps": 4096, "cuda": 16384}


def train(student: Student, rows: list[Row], recipe: Recipe, seed: int, out: Path, report: Callable, cancel: CancelToken, halvings: int = 0) -> dict:
    """Trains an adapter and writes it to out/adapter; returns the result that goes on the wire."""
    examples = [encode_row(student.tokenizer, row, recipe.system, recipe.chat) for row in rows]
    kept = short_enough(student, examples, recipe)
    steps = plan_steps(kept, recipe, seed)
    student.prepare(max(example.tokens for example in kept))
    make_deterministic(seed)
    with fresh_adapter(student, recipe) as tuned:
        tuned.train()
        try:
            measured = _run(student, tuned, steps, recipe, halvings, report, cancel)
        finally:
            tuned.eval()
        adapter, sha256 = save_adapter(tuned, student, out)
    return {"adapter": str(adapter), "sha256": sha256, "steps": len(steps), "rows": len(kept), "left_out": len(rows) - len(kept), "device": student.device.type, **measured}


def _run(student: Student, tuned, steps: list[list[Example]], recipe: Recipe, halvings: int, report: Callable, cancel: CancelToken) -> dict:
    weights = trainable(tuned)
    limit = PassLimit(student, halvings)
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=0.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate_factor(recipe, len(steps)))
    curve: list[list[float]] = []
    tokens = 0
    started = reported = time.monotonic()
    for n, step in enumerate(steps, 1):
        cancel.check()
        loss = limit.step_gradients(step, share=recipe.lora_dropout == 0)
        if not math.isfinite(loss):
            raise RequestError("internal", f"the loss became {loss} at step {n} of {len(steps)}; lower the learning rate")
        torch.nn.utils.clip_grad_norm_(weights, recipe.max_grad_norm)
        optimizer.step()
        scheduler.step()
        optimizer.zero_grad(set_to_none=True)
        curve.append([n, round(loss, 6)])
        tokens += sum(example.tokens for example in step)
        now = time.monotonic()
        if now - reported >= PROGRESS_SECONDS or n in (1, len(steps)):
            reported = now
            eta = round((now - started) / n * (len(steps) - n), 1)
            speed = round(tokens / (now - started), 1)
            report(phase="train", step=n, steps=len(steps), loss=round(loss, 6), tokens_per_s=speed, eta_s=eta)
    seconds = time.monotonic() - started
    return {"tokens": tokens, "seconds": round(seconds, 3), "tokens_per_s": round(tokens / seconds, 1), "loss_curve": curve, "halvings": limit.halvings}


class PassLimit:
    """Padded tokens in one pass: halved where memory runs out, and the step is begun again. So the recipe's steps stay what they are."""

    def __init__(self, student: Student, halvings: int = 0):
        self.halvings = halvings
        self._student = student

    @property
    def tokens(self) -> int:
        return PASS_TOKENS.get(self._student.device.type, 4096) >> self.halvings

    def step_gradients(self, step: list[Example], share: bool) -> float:
        """As below. Raises what memory ran out with once a pass is a single row."""
        while True:
            drawn = random_states()
            try:
                return step_gradients(self._student, step, share, self.tokens)
            except Exception as error:
                # Each further limit down to 1 may cut the rows otherwise; a row alone cannot be cut.
                if not is_out_of_memory(error) or len(passes(self._student, step, self.tokens)) == len(step):
                    raise
                failure = str(error)
            # Outside of the handler, whose error holds the tensors of the pass.
            self.halvings += 1
            log.warning("memory ran out (%s); passes of at most %d tokens from now on", failure, self.tokens)
            for parameter in self._student.model.parameters():
                parameter.grad = None
            gc.collect()
            empty_cache()
            set_random_states(drawn)


def step_gradients(student: Student, step: list[Example], share: bool, pass_tokens: int | None = None) -> float:
    """Adds the gradients of one step's rows and returns its loss."""
    completion_tokens = sum(len(example.completion) for example in step)
    loss = 0.0
    for part in passes(student, step, pass_tokens):
        part_loss = summed_loss(student, part, share) / completion_tokens
        part_loss.backward()
        loss += part_loss.item()
    return loss


def passes(student: Student, examples: list[Example], pass_tokens: int | None = None) -> list[list[Example]]:
    """Cuts rows into parts of like length that hold at most so many padded tokens (PASS_TOKENS where nothing is said), or one row."""
    most = PASS_TOKENS.get(student.device.type, 4096) if pass_tokens is None else pass_tokens
    limit = most if student.can.batches else 0

    def joins(part: list[Example], example: Example) -> bool:
        return example.tokens * (len(part) + 1) <= limit and not student.turns_between(part[0].tokens, example.tokens)

    return cut(sorted(examples, key=lambda example: example.tokens), joins)


def summed_loss(student: Student, part: list[Example], share: bool) -> torch.Tensor:
    """Padding is on the right, where causal attention never looks, so no padding mask is needed."""
    longest = max(example.tokens for example in part)
    shares = share and student.can.shares_prefix and not student.turns_between(0, longest)
    prefix = common_prefix([example.prompt for example in part]) if shares else 0
    ids, ends = pad_right([(example.prompt + example.completion)[prefix:] for example in part], student.pad_id)
    at = [place for end, example in zip(ends.tolist(), part) for place in range(end - len(example.completion), end)]
    goal = torch.tensor([token for example in part for token in example.completion], device=student.device)
    cache = None
    if prefix:
        cache = prefill_prefix(student, part[0].prompt[:prefix])
        spread(cache, len(part))
    logits = student.logits(torch.tensor(at, device=student.device), input_ids=ids.to(student.device), cache=cache)
    return torch.nn.functional.cross_entropy(logits.float(), goal, reduction="sum")


def short_enough(student: Student, examples: list[Example], recipe: Recipe) -> list[Example]:
    """Rows within cutoff_len and the student's context. A longer one is left out, not cut: without its end it would teach
    replies without one."""
    limit = min(recipe.cutoff_len, student.context or recipe.cutoff_len)
    kept = [example for example in examples if example.tokens <= limit]
    if kept:
        return kept
    shortest = min(example.tokens for example in examples)
    what = f"cutoff_len {limit}" if limit == recipe.cutoff_len else f"the student's context of {limit} tokens"
    raise RequestError("bad_dataset", f"every row is longer than {what}, the shortest has {shortest} tokens; shorten them or raise cutoff_len")
