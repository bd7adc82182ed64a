"""How much two computations of the same numbers may differ by rounding, relative to their size.

In float32 both limits are far above rounding (1e-6 to 1e-5 in a deep model) and far below the effect of a fault. In
half precision they are about three times the largest difference in models of 48 layers with random rounding everywhere.
"""

import math

import torch

_FLOOR = 1e-3
_SAME_SHAPE_FLOOR = 1e-4
_SAME_SHAPE = 2
"""Times the distance from 1 to the next number of a dtype; usually the difference is 0."""
_ONE_PRODUCT = 4
_ONE_LAYER = 12
"""For a layer: attention, norms and the products before the activation."""
LARGEST = 0.4
"""At any depth, also after a choice that rounding decides; a model that reads pads differs by about 1."""


def same_shape_rounding(dtype: torch.dtype) -> float:
    """Largest relative difference, at any depth, if the same operations ran on tensors of the same shapes."""
    return max(_SAME_SHAPE_FLOOR, _SAME_SHAPE * float(torch.finfo(dtype).eps))


def product_rounding(dtype: torch.dtype) -> float:
    """Largest relative difference of one matrix product."""
    return max(_FLOOR, _ONE_PRODUCT * float(torch.finfo(dtype).eps))


def batch_rounding(dtype: torch.dtype, layer: int) -> float:
    """Largest relative difference at a layer; the differences of layers add up like independent ones."""
    one_layer = max(_FLOOR, _ONE_LAYER * float(torch.finfo(dtype).eps))
    return min(LARGEST, one_layer * math.sqrt(1 + layer))
