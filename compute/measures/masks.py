"""Language masks: one number a neuron and example, with bit b set where the neuron is active in language b.

From a mask alone come the four types of Eq. 3 to 6, for all languages or any subset of them.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Masks = NDArray[np.uint64]
TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
"""In the order of the store's ENUM; a type's code is its index here."""
NON_ACTIVATED, SPECIFIC, PARTIAL_SHARED, ALL_SHARED = range(4)


def pack(active: Tensor) -> Masks:
    """Masks (E, d_m) from activity (E, P, d_m) bool, P ≤ 64."""
    return to_numpy(pack_tensor(active))


def pack_tensor(active: Tensor) -> Tensor:
    """The same on the device of `active`, in the smallest signed integer that holds P bits: 2 bytes up to 15.

    A 64th language lands in the sign bit; `to_numpy` reads it as the bit it is.
    """
    n_languages = active.shape[1]
    packed = torch.zeros_like(active[:, 0], dtype=_integer(n_languages))
    for bit in range(n_languages):
        # The value of bit 63 as a signed number.
        packed.add_(active[:, bit], alpha=(1 << bit) if bit < 63 else -(1 << 63))
    return packed


def to_numpy(packed: Tensor) -> Masks:
    """Packed masks off their device, as the unsigned numbers the store holds."""
    masks: Masks = packed.cpu().numpy().astype(np.int64, copy=False).view(np.uint64)
    return masks


def _integer(n_languages: int) -> torch.dtype:
    if n_languages > 31:
        return torch.int64
    return torch.int32 if n_languages > 15 else torch.int16


def classify(masks: Masks, all_mask: int) -> NDArray[np.uint8]:
    """Type codes (indices into TYPES) of masks, by the languages in `all_mask` alone, Eq. 3 to 6.

    Meaningful for 3 languages and more: with two there is no partial-shared, with one only active or not.
    """
    seen = masks & np.uint64(all_mask)
    n_active = np.bitwise_count(seen)
    types = np.full(masks.shape, PARTIAL_SHARED, np.uint8)
    types[n_active == 1] = SPECIFIC
    types[seen == np.uint64(all_mask)] = ALL_SHARED
    types[n_active == 0] = NON_ACTIVATED
    return types
