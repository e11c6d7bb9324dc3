"""The ways in which a batch of prompts is read and gone on with, a token a row at a time.

D1 Every way gives a row the logits that it has alone and without a cache, but for rounding. Which of them holds for a
   student is found out when it is loaded: see capabilities.py.
D2 Padding is on the left, before the whole prompt, so that tokens are as far apart in the batch as in the prompt: sliding
   windows and biases by distance count columns.
"""

from dataclasses import dataclass

import torch
from transformers import DynamicCache

from .batches import pad_right
from .fast import attention
from .fast.kv_slab import slab_cache, slab_cache_from, stacked_slabs
from .fast.prefix import common_prefix, prefill_prefix


@dataclass(frozen=True)
class Way:
    """`cache`: slab (keys and values set aside once, a common beginning read once), own (as transformers makes it for the
    model), none (everything read again for each token). `rows`: any in one batch, of even length, or one alone."""

    cache: str
    rows: str


# Padded tokens of prompts that are read at once, so that what layers pass on stays small enough for a CPU's cache, and for memory that
# is used again without being cleared: 70 prompts took the embedded student 4.7 CPU s at once, 2.9 in five parts.
READ_TOKENS = {"cpu": 1024}

# The fastest first.
WAYS = (Way("slab", "any"), Way("own", "any"), Way("own", "even"), Way("own", "one"), Way("none", "any"), Way("none", "one"))


def begin(student, way: Way, prompts: list[list[int]]):
    """The decoding of a batch: `logits` of each row's next token, `step` with the tokens chosen, `keep` some rows."""
    if way.cache == "none":
        return Uncached(student, prompts)
    return Cached(student, prompts, way.cache == "slab")


class Cached:
    def __init__(self, student, prompts: list[list[int]], slab: bool):
        self._student = student
        whole_blocks = attention.is_used(student.model)
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
        beginning = prefill_prefix(student, prompts[0][:prefix]) if prefix else None
        places = [(total - len(prompt), max(0, len(prompt) - width)) for prompt in prompts]
        most = READ_TOKENS.get(student.device.type) if slab else None
        caches, logits = [], []
        # Columns stay those of the whole batch: with fewer, sums are taken in another order, and replies of the base student differ.
        for part in torch.arange(rows).split(max(1, most // width) if most else rows):
            if beginning is not None:
                cache = slab_cache_from(beginning, [places[row] for row in part], prefix, whole_blocks)
            else:
                cache = slab_cache(whole_blocks) if slab else DynamicCache(config=student.text_config)
            caches.append(cache)
            logits.append(self._read(ids[part], positions[part], self._mask[part], cache))
        self._cache = caches[0] if len(caches) == 1 else stacked_slabs(caches)
        self.logits = torch.cat(logits)

    def step(self, tokens: torch.Tensor) -> None:
        self._mask = torch.cat([self._mask, self._mask.new_ones((len(tokens), 1))], dim=1)
        self._position = self._position + 1
        self.logits = self._read(tokens[:, None], self._position[:, None], self._mask, self._cache)

    def keep(self, rows: torch.Tensor) -> None:
        self._cache.reorder_cache(rows)
        self._mask, self._position = self._mask[rows], self._position[rows]

    def _read(self, ids: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        last = torch.arange(1, len(ids) + 1, device=ids.device) * ids.shape[1] - 1
        return self._student.logits(last, input_ids=ids, attention_mask=mask, position_ids=positions, cache=cache)


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
