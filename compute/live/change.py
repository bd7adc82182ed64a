"""Switch neurons off, or multiply what they contribute, while a model runs."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.live.messages import Change
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import Intervention, ablate

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


@contextmanager
def changed(loaded: LoadedModel, chosen: Chosen, factor: float) -> Iterator[Intervention | None]:
    """Context in which the weight of each chosen neuron in its FFN's output is multiplied, at every position.

    Yields the intervention that a `Decoder` needs, if any.
    """
    if factor == 0:
        with ablate(loaded.ffns, chosen) as intervention:
            yield intervention
        return
    with ExitStack() as stack:
        for ffn in loaded.ffns:
            if (neurons := chosen.get(ffn.layer.layer)) is not None:
                factors = torch.ones(neurons.shape).masked_fill(neurons, factor)
                for part, columns in ffn.parts_with_columns():
                    hook = _multiply(part, factors[:, columns])
                    stack.callback(part.value.register_forward_pre_hook(hook).remove)
        yield None


def _multiply(part: FFN, factors: Tensor) -> Any:
    """factors: (1, d) of a part's neurons."""

    def hook(_module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        weights = args[0]
        by_neuron = factors.to(weights)
        if isinstance(part, ExpertsFFN):
            by_neuron = part.of_pairs(by_neuron, torch.zeros_like(part.router.token))
        return (weights * by_neuron, *args[1:])

    return hook
