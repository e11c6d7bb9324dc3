"""Decoding of many prompts at once, greedy unless a sampler is given.

Prompts of one batch share the pass over their common beginning. Rows that are finished leave the batch as soon as an
eighth of it is finished, so that a few long replies do not make all pay.
"""

from dataclasses import dataclass
from typing import Callable

import torch

from .errors import CancelToken
from .kv_slab import keep_rows, slab_cache
from .prefix import common_prefix, prefill_prefix
from .sampling import greedy
from .student import Student

# Rows times tokens that one batch may hold in its keys and values.
BATCH_TOKENS = {"cpu": 48_000, "mps": 48_000, "cuda": 400_000}
# Rows finished, as a share of the batch, at which the batch is compacted.
COMPACT_SHARE = 1 / 8


@dataclass(frozen=True)
class Reply:
    tokens: list[int]
    finish: str


def plan_batches(prompts: list[list[int]], max_new_tokens: int, batch_tokens: int, max_rows: int) -> list[list[int]]:
    """Indexes of prompts, longest first, so that a batch holds prompts of like length and memory runs out at once or never."""
    batches: list[list[int]] = []
    for index in sorted(range(len(prompts)), key=lambda i: (-len(prompts[i]), i)):
        longest = len(prompts[batches[-1][0]]) if batches else 0
        fits = batches and len(batches[-1]) < max_rows and (len(batches[-1]) + 1) * (longest + max_new_tokens) <= batch_tokens
        if fits:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


@torch.inference_mode()
def generate(
    student: Student,
    prompts: list[list[int]],
    max_new_tokens: int,
    on_reply: Callable[[int, Reply], None],
    cancel: CancelToken,
    choose: Callable[[torch.Tensor, list[int | None]], list[int]] = greedy,
) -> None:
    """Decodes one batch and hands over each reply, with its place in `prompts`, when it is finished.

    `choose` gives the next token of each row of the logits; beside them it sees each row's place in `prompts`, None for
    a row that is finished.
    """
    device, end_ids = student.device, student.end_ids
    prefix = max(common_prefix(prompts), 1 if min(map(len, prompts)) > 1 else 0)
    logits, cache, mask, position = _prefill(student, prompts, prefix, max_new_tokens)
    live: list[int | None] = list(range(len(prompts)))
    texts: list[list[int]] = [[] for _ in prompts]
    while True:
        chosen = choose(logits, live)
        going = []
        for row, (index, token) in enumerate(zip(live, chosen)):
            if index is None:
                continue
            if token in end_ids:
                on_reply(index, Reply(texts[index], "stop"))
            else:
                texts[index].append(token)
                if len(texts[index]) < max_new_tokens:
                    going.append(row)
                    continue
                on_reply(index, Reply(texts[index], "length"))
            live[row] = None
        if not going:
            return
        cancel.check()
        tokens = torch.tensor(chosen, device=device)
        if len(live) - len(going) >= max(1, len(live) * COMPACT_SHARE):
            rows = torch.tensor(going, device=device)
            keep_rows(cache, rows)
            tokens, mask, position = tokens[rows], mask[rows], position[rows]
            live = [live[row] for row in going]
        mask = torch.cat([mask, mask.new_ones((len(live), 1))], dim=1)
        position = position + 1
        logits = student.logits(
            torch.arange(len(live), device=device),
            input_ids=tokens[:, None],
            attention_mask=mask,
            position_ids=position[:, None],
            past_key_values=cache,
            use_cache=True,
        )


def _prefill(student: Student, prompts: list[list[int]], prefix: int, max_new_tokens: int):
    """The shared beginning once, then the rest of each prompt, padded on the left."""
    device, rows = student.device, len(prompts)
    width = max(map(len, prompts)) - prefix
    ids = torch.full((rows, width), student.pad_id)
    mask = torch.zeros((rows, prefix + width), dtype=torch.long)
    mask[:, :prefix] = 1
    for row, prompt in enumerate(prompts):
        rest = prompt[prefix:]
        ids[row, width - len(rest) :] = torch.tensor(rest)
        mask[row, prefix + width - len(rest) :] = 1
    ids, mask = ids.to(device), mask.to(device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, prefix:]
    cache = slab_cache(prefill_prefix(student, prompts[0][:prefix]), rows, prefix + width + max_new_tokens)
    last = torch.arange(1, rows + 1, device=device) * width - 1
    logits = student.logits(last, input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
    return logits, cache, mask, positions[:, -1]
