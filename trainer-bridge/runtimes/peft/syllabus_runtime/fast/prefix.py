"""The tokens that all rows of a batch begin with are computed once.

Attention is causal, so the keys and values of a common beginning (system turn, instruction, worked examples) do not
depend on what follows. Sharing them changes nothing but rounding; in training the gradient flows through them.
"""

import torch
from transformers import DynamicCache


# Below this many tokens a pass of its own costs more than it saves.
WORTH_SHARING = 8


def common_prefix(prompts: list[list[int]]) -> int:
    """Tokens that all prompts share, at least one token short of the shortest prompt; 0 when not worth a pass."""
    if len(prompts) < 2:
        return 0
    low, high = min(prompts), max(prompts)
    limit = min(len(prompt) for prompt in prompts) - 1
    length = 0
    while length < limit and low[length] == high[length]:
        length += 1
    return length if length >= WORTH_SHARING else 0


def prefill_prefix(student, tokens: list[int]) -> DynamicCache:
    """Keys and values of `tokens` for one row."""
    cache = DynamicCache()
    ids = torch.tensor([tokens], device=student.device)
    at = torch.tensor([len(tokens) - 1], device=student.device)
    student.logits(at, input_ids=ids, cache=cache)
    return cache


def spread(cache: DynamicCache, rows: int) -> None:
    """The same keys and values for each of `rows` rows, without copying them yet."""
    for layer in cache.layers:
        if layer.is_initialized:
            layer.keys = layer.keys.expand(rows, -1, -1, -1)
            layer.values = layer.values.expand(rows, -1, -1, -1)
