"""Keys and values in memory that is set aside once, so that a decoding step writes one column instead of copying all."""

from functools import partial

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer


class SlabLayer(DynamicLayer):
    """Keeps everything, of layers with a sliding window too: what they see is a matter of the mask."""

    def __init__(self, capacity: int):
        super().__init__()
        self.capacity, self.length = capacity, 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        self.dtype, self.device = key_states.dtype, key_states.device
        self.key_slab, self.value_slab = (self._slab(states, len(states)) for states in (key_states, value_states))
        self.is_initialized = True
        self._show()

    def begin(self, keys: torch.Tensor, values: torch.Tensor, places: list[tuple[int, int]], length: int) -> None:
        """Starts with `length` columns: row i has the first `places[i][1]` of a prefix, (1, heads, tokens, width), from column `places[i][0]` on."""
        rows = len(places)
        self.lazy_initialization(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1))
        for row, (column, count) in enumerate(places):
            self.key_slab[row, :, column : column + count] = keys[0, :, :count]
            self.value_slab[row, :, column : column + count] = values[0, :, :count]
        self.length = length
        self._show()

    def update(self, key_states, value_states, *args, **kwargs):
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.length + key_states.shape[2]
        self.key_slab[:, :, self.length : end] = key_states
        self.value_slab[:, :, self.length : end] = value_states
        self.length = end
        self._show()
        return self.keys, self.values

    def reorder_cache(self, rows: torch.Tensor) -> None:
        self.key_slab = self.key_slab.index_select(0, rows)
        self.value_slab = self.value_slab.index_select(0, rows)
        self._show()

    def _slab(self, states: torch.Tensor, rows: int) -> torch.Tensor:
        _, heads, _, width = states.shape
        return torch.zeros((rows, heads, self.capacity, width), dtype=states.dtype, device=states.device)

    def _show(self) -> None:
        self.keys = self.key_slab[:, :, : self.length]
        self.values = self.value_slab[:, :, : self.length]


def slab_cache(capacity: int) -> DynamicCache:
    """An empty cache; its layers are set aside when they are first written to."""
    cache = DynamicCache()
    cache.layer_class_to_replicate = partial(SlabLayer, capacity)
    return cache


def slab_cache_from(prefix: DynamicCache, places: list[tuple[int, int]], length: int, capacity: int) -> DynamicCache:
    """A cache that begins with a prefix of one row; see SlabLayer.begin."""
    cache = slab_cache(capacity)
    for layer in prefix.layers:
        slab = SlabLayer(capacity)
        if layer.is_initialized:
            slab.begin(layer.keys, layer.values, places, length)
        cache.layers.append(slab)
    return cache
