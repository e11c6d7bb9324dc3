"""Attention for short sequences on a CPU.

Query heads that share a key head are stacked along the query axis, so that keys and values are not copied once per
query head and every product is one plain batched matrix product. torch's own kernels spent eight times as long in the
backward pass of sequences of 80 tokens. Memory grows with the square of the length: see `MAX_TOKENS`.
"""

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME = "syllabus_grouped"
MAX_TOKENS = 1024
# What models pass on that the mask and the scale have in them already, or that says nothing of the scores.
WITHOUT_EFFECT = {"sliding_window", "is_causal", "position_ids", "cache_position", "use_cache", "position_embeddings", "output_router_logits", "logits_to_keep"}


def grouped_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **kwargs):
    """query (rows, heads, n, width), key (rows, key heads, m, width) and value (…, width of values), mask additive (rows or 1, 1, n, k).
    Columns of keys that the mask does not have are not seen: a slab shows whole blocks. What the mask has beyond m counts for nothing."""
    unknown = [name for name, given in kwargs.items() if given is not None and given is not False and name not in WITHOUT_EFFECT]
    if unknown:
        raise NotImplementedError(f"grouped attention knows nothing of {unknown}")
    rows, heads, n, width = query.shape
    key_heads, m = key.shape[1], key.shape[2]
    scale = width**-0.5 if scaling is None else scaling
    stacked = (query * scale).reshape(rows, key_heads, heads // key_heads * n, width)
    scores = torch.matmul(stacked, key.transpose(2, 3))
    if attention_mask is not None:
        if attention_mask.shape[-1] < m:
            beyond = m - attention_mask.shape[-1]
            attention_mask = torch.nn.functional.pad(attention_mask, (0, beyond), value=torch.finfo(attention_mask.dtype).min)
        split = scores.view(rows, key_heads, heads // key_heads, n, m)
        scores = (split + attention_mask[:, :, None, :, :m]).view(scores.shape)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    if dropout > 0:
        weights = torch.nn.functional.dropout(weights, p=dropout)
    mixed = torch.matmul(weights, value).view(rows, heads, n, value.shape[-1])
    return mixed.transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, grouped_attention)
AttentionMaskInterface.register(NAME, eager_mask)


def is_used(model) -> bool:
    return model.config._attn_implementation == NAME


def use_attention(model, wanted: str) -> None:
    if model.config._attn_implementation != wanted:
        model.set_attn_implementation(wanted)
