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
from .training import passes, pass_tokens, short_enough, summed_loss


@torch.inference_mode()
def perplexity(student: Student, rows: list[Row], recipe: Recipe, most_rows: int, seed: int, cancel: CancelToken) -> dict:
    """The mean negative log-likelihood of a completion token, end of turn included, over a sample of the rows that a training would see."""
    kept = short_enough([encode_row(student.tokenizer, row, recipe.system) for row in rows], recipe)
    chosen = random.Random(seed).sample(kept, min(most_rows, len(kept)))
    put_on(student, None)
    student.prepare(max(example.tokens for example in chosen))
    total = 0.0
    # By length, so that a pass holds rows of like length.
    for part in passes(sorted(chosen, key=lambda example: example.tokens), pass_tokens(student)):
        cancel.check()
        total += summed_loss(student, part, share=True).item()
    tokens = sum(len(example.completion) for example in chosen)
    return {"rows": len(chosen), "tokens": tokens, "nll": round(total / tokens, 6)}
