"""In which order rows are trained on, and at which learning rate."""

import math
import random
from typing import Callable

from .chat import Example
from .recipe import Recipe

# Rows are sorted by length inside windows of this many, so that batches hold rows of like length but epochs differ.
WINDOW = 64


def plan_steps(examples: list[Example], recipe: Recipe, seed: int) -> list[list[Example]]:
    """One list of rows per optimiser step. Every row is seen once an epoch; a fraction of an epoch takes its first steps."""
    per_step = recipe.rows_per_step
    per_epoch = math.ceil(len(examples) / per_step)
    total = max(1, math.ceil(per_epoch * recipe.num_train_epochs))
    steps: list[list[Example]] = []
    epoch = 0
    while len(steps) < total:
        steps.extend(_epoch(examples, per_step, random.Random(f"{seed}:{epoch}")))
        epoch += 1
    return steps[:total]


def _epoch(examples: list[Example], per_step: int, rng: random.Random) -> list[list[Example]]:
    order = list(examples)
    rng.shuffle(order)
    window = max(per_step, WINDOW // per_step * per_step)
    batches = []
    for start in range(0, len(order), window):
        near = sorted(order[start : start + window], key=lambda example: example.tokens)
        batches.extend(near[i : i + per_step] for i in range(0, len(near), per_step))
    rng.shuffle(batches)
    return batches


def learning_rate_factor(recipe: Recipe, total: int) -> Callable[[int], float]:
    """Factor of the learning rate at a step (from 0): linear warm-up, then the named decay to 0, as in transformers."""
    warmup = math.ceil(total * recipe.warmup_ratio)

    def factor(step: int) -> float:
        # Counted from 1, so that the first step of a short run is not spent at a rate of 0.
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(1, total - warmup)
        if recipe.lr_scheduler_type == "cosine":
            return 0.5 * (1 + math.cos(math.pi * done))
        return 1 - done if recipe.lr_scheduler_type == "linear" else 1.0

    return factor
