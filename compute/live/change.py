"""The neurons that a live question switches off or scales."""

from collections.abc import Mapping

import torch
from torch import Tensor

from neurontui.compute.live.messages import Change
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.loaded_model import LoadedModel

Chosen = Mapping[int, Tensor]
"""By layer (1, d_m) bool: the neurons that are changed, for all prompts alike."""


def chosen_neurons(loaded: LoadedModel, change: Change, types: list[Tensor]) -> Chosen:
    """The neurons of a change. types: by layer (d_m,) type codes of the prompts asked."""
    chosen = {ffn.layer.layer: torch.zeros(1, ffn.layer.n_neurons, dtype=torch.bool) for ffn in loaded.ffns}
    for layer, neuron in change.neurons:
        chosen[layer][0, neuron] = True
    if change.type is not None:
        code = TYPES.index(change.type)
        for ffn, of_layer in zip(loaded.ffns, types, strict=True):
            chosen[ffn.layer.layer] |= (of_layer == code).cpu()
    return {layer: neurons for layer, neurons in chosen.items() if bool(neurons.any())}
