"""Decoding of many prompts at once, greedy unless a sampler is given.

Rows that are finished leave the batch as soon as an eighth of it is finished, so that a few long replies do not make all
pay. Some models turn their positions otherwise beyond a length (`student.turn`): rows are read anew when they pass it, and
rows before and after it are never in one batch.
"""

from dataclasses import dataclass
from typing import Callable

import torch

from .batches import cut, longest_first
from .decoding import begin
from .errors import CancelToken
from .sampling import greedy
from .student import Student
from .thoughts import ThoughtBudget

# Rows times tokens that one batch may hold in its keys and values.
BATCH_TOKENS = {"cpu": 48_000, "mps": 48_000, "cuda": 400_000}
# Rows finished, as a share of the batch, at which the batch is compacted.
COMPACT_SHARE = 1 / 8


@dataclass(frozen=True)
class Reply:
    tokens: list[int]
    finish: str


def plan_batches(
    prompts: list[list[int]], max_new_tokens: int, batch_tokens: int, max_rows: int, rows: str = "any", turn: int | None = None
) -> list[list[int]]:
    """Indexes of prompts, longest first, so that a batch holds prompts of like length and memory runs out at once or never.

    `rows`: as in Way; `turn`: see above.
    """

    def joins(batch: list[int], index: int) -> bool:
        longest, own = len(prompts[batch[0]]), len(prompts[index])
        fits = len(batch) < max_rows and (len(batch) + 1) * (longest + max_new_tokens) <= batch_tokens
        alike = rows == "any" or (rows == "even" and longest == own)
        return fits and alike and not (turn is not None and own <= turn < longest)

    return cut(longest_first(prompts), joins)


@torch.inference_mode()
def generate(
    student: Student,
    prompts: list[list[int]],
    max_new_tokens: int,
    on_reply: Callable[[int, Reply], None],
    cancel: CancelToken,
    choose: Callable[[torch.Tensor, list[int | None]], list[int]] = greedy,
    budget: ThoughtBudget | None = None,
    on_token: Callable[[int, list[int]], None] | None = None,
) -> None:
    """Decodes one batch and hands over each reply, with its place in `prompts`, when it is finished.

    `choose` gives the next token of each row of the logits; beside them it sees each row's place in `prompts`, None for
    a row that is finished. `on_token` sees a reply each time that it has grown, and does not change it.
    """
    texts: list[list[int]] = [[] for _ in prompts]
    open = list(range(len(prompts)))
    while open:
        open = _decode(student, prompts, texts, open, max_new_tokens, on_reply, cancel, choose, budget, on_token)


def _decode(student, prompts, texts, open, max_new_tokens, on_reply, cancel, choose, budget, on_token) -> list[int]:
    """Goes on with the prompts at the places `open`; returns those that have passed the turn and are not finished."""
    device, end_ids = student.device, student.end_ids
    begun = [prompts[index] + texts[index] for index in open]
    decoding = begin(student, student.can.way, begun)
    before_turn = student.turn is not None and max(map(len, begun)) <= student.turn
    live: list[int | None] = list(open)
    turned: list[int] = []
    while True:
        chosen = choose(decoding.logits, live)
        going = []
        for row, index in enumerate(live):
            if index is None:
                continue
            if budget:
                chosen[row] = budget.next(index, texts[index], chosen[row])
            if chosen[row] in end_ids:
                on_reply(index, Reply(texts[index], "stop"))
            else:
                texts[index].append(chosen[row])
                if on_token:
                    on_token(index, texts[index])
                if len(texts[index]) - (budget.spent(index) if budget else 0) >= max_new_tokens:
                    on_reply(index, Reply(texts[index], "length"))
                elif before_turn and len(prompts[index]) + len(texts[index]) > student.turn:
                    turned.append(index)
                else:
                    going.append(row)
                    continue
            live[row] = None
        if not going:
            return turned
        cancel.check()
        tokens = torch.tensor(chosen, device=device)
        if len(live) - len(going) >= max(1, len(live) * COMPACT_SHARE):
            rows = torch.tensor(going, device=device)
            decoding.keep(rows)
            tokens = tokens[rows]
            live = [live[row] for row in going]
        decoding.step(tokens)
