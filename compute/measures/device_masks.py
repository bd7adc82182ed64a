"""Masks while they are still where the activations are: packed signed integers, as `pack_tensor` makes them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from neurontui.compute.measures.masks import ALL_SHARED, NON_ACTIVATED, PARTIAL_SHARED, SPECIFIC


def type_codes(masks: Tensor, n_languages: int) -> Tensor:
    """Type codes (indices into TYPES) of packed masks, int64, by all languages of the run, Eq. 3 to 6."""
    # As a signed number of 64 bits, 64 set bits are −1.
    everything = (1 << n_languages) - 1 if n_languages < 64 else -1
    types = torch.full_like(masks, PARTIAL_SHARED, dtype=torch.int64)
    types[(masks & (masks - 1)) == 0] = SPECIFIC
    types[masks == everything] = ALL_SHARED
    types[masks == 0] = NON_ACTIVATED
    return types


def active_in(masks: Tensor, language: Tensor) -> Tensor:
    """Whether each neuron is active in a language. masks: (R, d_m); language: (R,) bits. Returns (R, d_m) bool."""
    return ((masks >> language[:, None].to(masks.dtype)) & 1).bool()


def off_device(masks: Sequence[Tensor]) -> list[Tensor]:
    """Packed masks of all layers in memory; from a GPU through pinned memory, with one wait for all of them."""
    copies = [
        torch.empty(each.shape, dtype=each.dtype, pin_memory=True).copy_(each, non_blocking=True)
        if each.is_cuda
        else each
        for each in masks
    ]
    for device in {each.device for each in masks if each.is_cuda}:
        torch.cuda.current_stream(device).synchronize()
    return copies
