"""How likely the base student finds the replies of a dataset, before it is trained on them."""

import random
from typing import Callable

import torch

from .chat import encode_row
from .errors import CancelToken
from .lora import put_on
from .recipe import Recipe
from .rows import Row
from .student import Student
from .training import passes, short_enough, summed_loss


@torch.inference_mode()
def perplexity(student: Student, rows: list[Row], recipe: Recipe, most_rows: int, seed: int, cancel: CancelToken) -> dict:
    """The mean negative log-likelihood of a completion token, end of turn included, over a sample of the rows that a training would see."""
    kept = short_enough(student, [encode_row(student.tokenizer, row, recipe.system, recipe.chat) for row in rows], recipe)
    chosen = random.Random(seed).sample(kept, min(most_rows, len(kept)))
    put_on(student, None)
    student.prepare(max(example.tokens for example in chosen))
    total = 0.0
    for part in passes(student, chosen):
        cancel.check()
        total += summed_loss(student, part, share=True).item()
    tokens = sum(len(example.completion) for example in chosen)
    return {"rows": len(chosen), "tokens": tokens, "nll": round(total / tokens, 6)}
