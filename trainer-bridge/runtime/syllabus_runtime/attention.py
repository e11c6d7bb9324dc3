"""Attention for short sequences on a CPU.

Query heads that share a key head are stacked along the query axis, so that keys and values are not copied once per
query head and every product is one plain batched matrix product. torch's own kernels spent eight times as long in the
backward pass of sequences of 80 tokens. Memory grows with the square of the length: see `fits`.
"""

import torch
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

NAME = "syllabus_grouped"
MODEL_TYPES = ("llama", "mistral", "qwen2", "qwen3", "smollm3")
MAX_TOKENS = 1024


def grouped_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **kwargs):
    """query (rows, heads, n, width), key and value (rows, key heads, m, width), mask additive (rows or 1, 1, n, m or more)."""
    rows, heads, n, width = query.shape
    key_heads, m = key.shape[1], key.shape[2]
    scale = width**-0.5 if scaling is None else scaling
    stacked = (query * scale).reshape(rows, key_heads, heads // key_heads * n, width)
    scores = torch.matmul(stacked, key.transpose(2, 3))
    if attention_mask is not None:
        split = scores.view(rows, key_heads, heads // key_heads, n, m)
        scores = (split + attention_mask[:, :, None, :, :m]).view(scores.shape)
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    if dropout > 0:
        weights = torch.nn.functional.dropout(weights, p=dropout)
    mixed = torch.matmul(weights, value).view(rows, heads, n, width)
    return mixed.transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, grouped_attention)
AttentionMaskInterface.register(NAME, eager_mask)


def choose_attention(model, device: torch.device, longest: int) -> None:
    """Grouped attention for short sequences of known families on a CPU, torch's own elsewhere."""
    fits = device.type == "cpu" and longest <= MAX_TOKENS and model.config.model_type in MODEL_TYPES
    wanted = NAME if fits else "sdpa"
    if model.config._attn_implementation != wanted:
        model.set_attn_implementation(wanted)
