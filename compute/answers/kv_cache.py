"""A KV cache with room for appended tokens, so that a generated token does not copy the whole prompt."""

import inspect
from typing import Any

import torch
from torch import Tensor
from transformers import Cache, EncoderDecoderCache
from transformers.cache_utils import DynamicLayer

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.store.errors import ModelError

_ATTENTION = {"full_attention", "sliding_attention"}


class PreallocatedCacheLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """Keys and values (R, heads, slots, d) of one layer, at the front of buffers with `room` more slots."""

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.room = room
        self._buffers: tuple[Tensor, ...] = ()

    def update(self, key_states: Tensor, value_states: Tensor, *_args: Any, **_kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append keys and values (R, heads, L, d); returns all of them."""
        first = not self.is_initialized
        if first:
            self.lazy_initialization(key_states, value_states)
        new = (key_states, value_states)
        start = self.get_seq_length()
        end = start + key_states.shape[-2]
        if not self._buffers or end > self._buffers[0].shape[-2]:
            self._buffers = self._larger(new, start, end + self.room)
        for buffer, states in zip(self._buffers, new, strict=True):
            buffer[:, :, start:end] = states
        shown = self._show(end)
        return new if first else shown

    def select(self, rows: Tensor) -> "PreallocatedCacheLayer":
        """Some rows as a copy, so that appending to it does not modify this layer."""
        chosen = PreallocatedCacheLayer(self.room)
        if self._buffers:
            chosen.lazy_initialization(*self._buffers)
            rows = rows.to(self._buffers[0].device)
            chosen._buffers = tuple(buffer.index_select(0, rows) for buffer in self._buffers)
            chosen._show(self.get_seq_length())
        return chosen

    def _larger(self, new: tuple[Tensor, Tensor], filled: int, capacity: int) -> tuple[Tensor, ...]:
        sizes = [(*states.shape[:-2], capacity, states.shape[-1]) for states in new]
        buffers = tuple(new[0].new_empty(size) for size in sizes)
        for buffer, old in zip(buffers, self._buffers, strict=False):  # none at first
            buffer[:, :, :filled] = old[:, :, :filled]
        return buffers

    def _show(self, slots: int) -> tuple[Tensor, Tensor]:
        keys, values = (buffer[:, :, :slots] for buffer in self._buffers)
        self.keys, self.values = keys, values
        return keys, values


def borrow_layers(cache: Any, source: Any, n: int) -> None:
    """Copy the first n layers of another cache; for prompts that were read from layer n on."""
    for i in range(n):
        layer = source.layers[i]
        cache.layers[i] = layer.select(torch.arange(len(layer.keys), device=layer.keys.device))


def empty_cache(loaded: LoadedModel, room: int) -> Any:
    """A cache for prompts and `room` tokens after them.

    Sliding windows need no special cache: the model masks tokens outside of them. Raises ModelError for models that
    keep a state other than keys and values, because pads would enter it.
    """
    if "past_key_values" not in inspect.signature(loaded.model.forward).parameters:
        raise ModelError(
            f"'{loaded.name}' takes no cache of keys and values, so its answers cannot be generated in batches; "
            "measure its types and contribution scores only."
        )
    kinds = set(getattr(loaded.model.config.get_text_config(), "layer_types", None) or ())
    if kinds - _ATTENTION:
        raise ModelError(
            f"'{loaded.name}' keeps a state other than keys and values ({min(kinds - _ATTENTION)}), so its answers "
            "cannot be generated in batches; measure its types and contribution scores only."
        )
    n_layers = sum(layer.stack == "decoder" for layer in loaded.layers)
    own = Cache(layers=[PreallocatedCacheLayer(room) for _ in range(n_layers)])
    if not loaded.encoder_decoder:
        return own
    return EncoderDecoderCache(own, Cache(layers=[PreallocatedCacheLayer(0) for _ in range(n_layers)]))


def select_rows(cache: Any, rows: Tensor) -> Any:
    """Some rows of a cache as a copy; the original stays valid."""
    if isinstance(cache, EncoderDecoderCache):
        own, cross = cache.self_attention_cache, cache.cross_attention_cache
        return EncoderDecoderCache(select_rows(own, rows), select_rows(cross, rows))
    return Cache(layers=[layer.select(rows) for layer in cache.layers])
