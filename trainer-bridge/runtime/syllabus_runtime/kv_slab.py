"""Keys and values in memory that is set aside once, so that a decoding step writes one column instead of copying all."""

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer


class SlabLayer(DynamicLayer):
    def __init__(self, keys: torch.Tensor, values: torch.Tensor, rows: int, capacity: int):
        """Starts from a prefix of one row, (1, heads, length, width), given to each of `rows` rows."""
        super().__init__()
        self.length = keys.shape[2]
        self.key_slab = _slab(keys, rows, capacity)
        self.value_slab = _slab(values, rows, capacity)
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True
        self._show()

    def update(self, key_states, value_states, *args, **kwargs):
        end = self.length + key_states.shape[2]
        self.key_slab[:, :, self.length : end] = key_states
        self.value_slab[:, :, self.length : end] = value_states
        self.length = end
        self._show()
        return self.keys, self.values

    def keep(self, rows: torch.Tensor) -> None:
        self.key_slab = self.key_slab.index_select(0, rows)
        self.value_slab = self.value_slab.index_select(0, rows)
        self._show()

    def _show(self) -> None:
        self.keys = self.key_slab[:, :, : self.length]
        self.values = self.value_slab[:, :, : self.length]


def _slab(prefix: torch.Tensor, rows: int, capacity: int) -> torch.Tensor:
    _, heads, length, width = prefix.shape
    slab = torch.zeros((rows, heads, capacity, width), dtype=prefix.dtype, device=prefix.device)
    slab[:, :, :length] = prefix
    return slab


def slab_cache(prefix: DynamicCache, rows: int, capacity: int) -> DynamicCache:
    cache = DynamicCache()
    cache.layers = [SlabLayer(layer.keys, layer.values, rows, capacity) for layer in prefix.layers]
    return cache


def keep_rows(cache: DynamicCache, rows: torch.Tensor) -> None:
    for layer in cache.layers:
        layer.keep(rows)
