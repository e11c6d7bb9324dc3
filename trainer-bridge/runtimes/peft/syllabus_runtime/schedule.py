"""In which order rows are trained on, and at which learning rate."""

import math
from typing import Callable

import torch

from .chat import Example
from .recipe import Recipe

def plan_steps(examples: list[Example], recipe: Recipe, seed: int) -> list[list[Example]]:
    """One list of rows per optimiser step. Every row is seen once an epoch; a fraction of an epoch takes its first steps.

    Each epoch is shuffled anew, to the order of transformers' Trainer with the same seed.
    """
    per_step = recipe.rows_per_step
    per_epoch = math.ceil(len(examples) / per_step)
    total = max(1, math.ceil(per_epoch * recipe.num_train_epochs))
    steps: list[list[Example]] = []
    epoch = 0
    while len(steps) < total:
        order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed + epoch)).tolist()
        steps.extend([examples[row] for row in order[at : at + per_step]] for at in range(0, len(order), per_step))
        epoch += 1
    return steps[:total]


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
