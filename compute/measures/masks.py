"""Language masks: one number per neuron and example; bit b is set if the neuron is active in language b.

Masks are packed signed integers on the device of the activations until they are stored. The four types of Eq. 3 to 6
follow from a mask alone.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Masks = NDArray[np.uint64]
TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
"""In the order of the store's ENUM; a type's code is its index here."""
NON_ACTIVATED, SPECIFIC, PARTIAL_SHARED, ALL_SHARED = range(4)


def pack_tensor(active: Tensor) -> Tensor:
    """Masks (E, d_m) from activity (E, P, d_m) bool, P ≤ 64, in the smallest signed integer that holds P bits.

    That is 2 bytes up to 15 languages. A 64th language is the sign bit, which `to_numpy` converts to bit 63.
    """
    n_languages = active.shape[1]
    packed = torch.zeros_like(active[:, 0], dtype=_integer(n_languages))
    for bit in range(n_languages):
        # The value of bit 63 as a signed number.
        packed.add_(active[:, bit], alpha=(1 << bit) if bit < 63 else -(1 << 63))
    return packed


def type_codes(masks: Tensor, n_languages: int) -> Tensor:
    """Type codes (indices into TYPES) of packed masks, int64, over all languages of the run, Eq. 3 to 6.

    Meaningful from 3 languages on: with two there is no partial-shared, with one only active or not.
    """
    # As a signed 64-bit number, 64 set bits are −1.
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
    """Packed masks of all layers in main memory; from a GPU through pinned memory, with one wait for all layers."""
    copies = [
        torch.empty(mask.shape, dtype=mask.dtype, pin_memory=True).copy_(mask, non_blocking=True)
        if mask.is_cuda
        else mask
        for mask in masks
    ]
    for device in {mask.device for mask in masks if mask.is_cuda}:
        torch.cuda.current_stream(device).synchronize()
    return copies


def to_numpy(packed: Tensor) -> Masks:
    """Packed masks as the unsigned numbers that the store holds."""
    masks: Masks = packed.cpu().numpy().astype(np.int64, copy=False).view(np.uint64)
    return masks


def _integer(n_languages: int) -> torch.dtype:
    if n_languages > 31:
        return torch.int64
    return torch.int32 if n_languages > 15 else torch.int16
