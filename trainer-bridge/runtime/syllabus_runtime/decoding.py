"""The ways in which a batch of prompts is read and gone on with, a token a row at a time.

D1 Every way gives a row the logits that it has alone and without a cache, but for rounding. Which of them holds for a
   student is found out when it is loaded: see capabilities.py.
D2 Padding is on the left, before the whole prompt, so that tokens are as far apart in the batch as in the prompt: sliding
   windows and biases by distance count columns.
"""

from dataclasses import dataclass

import torch
from transformers import DynamicCache

from .fast.kv_slab import slab_cache, slab_cache_from
from .fast.prefix import common_prefix, prefill_prefix


@dataclass(frozen=True)
class Way:
    """`cache`: slab (keys and values set aside once, a common beginning read once), own (as transformers makes it for the
    model), none (everything read again for each token). `rows`: any in one batch, of even length, or one alone."""

    cache: str
    rows: str


# The fastest first.
WAYS = (Way("slab", "any"), Way("own", "any"), Way("own", "even"), Way("own", "one"), Way("none", "any"), Way("none", "one"))


def begin(student, way: Way, prompts: list[list[int]], room: int):
    """The decoding of a batch: `logits` of each row's next token, `step` with the tokens chosen, `keep` some rows. `room`: most new tokens."""
    if way.cache == "none":
        return Uncached(student, prompts)
    return Cached(student, prompts, room, way.cache == "slab")


class Cached:
    def __init__(self, student, prompts: list[list[int]], room: int, slab: bool):
        self._student = student
        rows, total = len(prompts), max(map(len, prompts))
        prefix = 0 if not slab or student.turns_between(0, total) else common_prefix(prompts)
        # A prompt that is shorter than the longest has some of the prefix read again in place of padding (D2).
        width = total - prefix
        ids = torch.full((rows, width), student.pad_id)
        self._mask = torch.zeros((rows, total), dtype=torch.long)
        for row, prompt in enumerate(prompts):
            rest = prompt[-width:]
            ids[row, width - len(rest) :] = torch.tensor(rest)
            self._mask[row, total - len(prompt) :] = 1
        ids, self._mask = ids.to(student.device), self._mask.to(student.device)
        positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)[:, prefix:]
        self._position = positions[:, -1]
        if prefix:
            places = [(total - len(prompt), max(0, len(prompt) - width)) for prompt in prompts]
            self._cache = slab_cache_from(prefill_prefix(student, prompts[0][:prefix]), places, prefix, total + room)
        else:
            self._cache = slab_cache(total + room) if slab else DynamicCache(config=student.text_config)
        self.logits = self._read(ids, positions)

    def step(self, tokens: torch.Tensor) -> None:
        self._mask = torch.cat([self._mask, self._mask.new_ones((len(tokens), 1))], dim=1)
        self._position = self._position + 1
        self.logits = self._read(tokens[:, None], self._position[:, None])

    def keep(self, rows: torch.Tensor) -> None:
        self._cache.reorder_cache(rows)
        self._mask, self._position = self._mask[rows], self._position[rows]

    def _read(self, ids: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        last = torch.arange(1, len(ids) + 1, device=ids.device) * ids.shape[1] - 1
        return self._student.logits(last, input_ids=ids, attention_mask=self._mask, position_ids=positions, cache=self._cache)


class Uncached:
    """Padding is on the right, where causal models never look."""

    def __init__(self, student, prompts: list[list[int]]):
        self._student = student
        self._rows = [list(prompt) for prompt in prompts]
        self.logits = self._read()

    def step(self, tokens: torch.Tensor) -> None:
        for row, token in zip(self._rows, tokens.tolist()):
            row.append(token)
        self.logits = self._read()

    def keep(self, rows: torch.Tensor) -> None:
        self._rows = [self._rows[row] for row in rows.tolist()]

    def _read(self) -> torch.Tensor:
        ids, ends = pad_right(self._rows, self._student.pad_id)
        return self._student.logits(ends.to(self._student.device), input_ids=ids.to(self._student.device))


def pad_right(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows as one tensor, and the flat place of each one's last token."""
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), pad)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = torch.tensor(tokens)
    return ids, torch.tensor([row * width + len(tokens) - 1 for row, tokens in enumerate(rows)])
