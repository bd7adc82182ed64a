"""Types by layer, and the neurons that contribute most, for one example in some languages."""

from collections.abc import Sequence

import torch
from torch import Tensor

from neurontui.compute.batch import Capture
from neurontui.compute.live.messages import StrongNeuron
from neurontui.compute.measures.masks import TYPES, pack_tensor, type_codes
from neurontui.compute.measures.scores import contribution_scores, value_norms, weighted_norms
from neurontui.compute.models.ffns.ffn import FFN

STRONGEST = 20
"""Neurons that are listed."""


def types_of(captured: Capture, threshold: float) -> list[Tensor]:
    """By layer (d_m,) type codes of the first example, over the languages asked."""
    n_languages = captured.n_tokens.shape[1]
    return [
        type_codes(pack_tensor(activations[:1] > threshold), n_languages)[0] for activations in captured.activations
    ]


def counts(types: Sequence[Tensor]) -> tuple[tuple[int, ...], ...]:
    """Neurons by layer and type."""
    return tuple(tuple(torch.bincount(of_layer, minlength=len(TYPES)).tolist()) for of_layer in types)


def norms_of(ffns: Sequence[FFN]) -> list[Tensor]:
    """By layer (d_m,): length of what each neuron writes to the residual stream at weight 1."""
    return [value_norms(ffn.written_vectors()) for ffn in ffns]


def strongest(
    ffns: Sequence[FFN], captured: Capture, types: Sequence[Tensor], norms: Sequence[Tensor], *, gate: bool
) -> tuple[StrongNeuron, ...]:
    """The neurons with the largest mean contribution score. gate: weights are act(gate), not act(gate)·up."""
    candidates = []
    for index, ffn in enumerate(ffns):
        weights = (captured.activations if gate else captured.weights)[index][0].float()
        scale = captured.scales.get(ffn.layer.layer)
        scaled = weights if scale is None else weights * scale[0, :, None]
        means = contribution_scores(weighted_norms(scaled, norms[index].to(scaled.device))).mean(0)
        shares, neurons = means.topk(min(STRONGEST, len(means)))
        for share, neuron in zip(shares.tolist(), neurons.tolist(), strict=True):
            kind = TYPES[int(types[index][neuron])]
            candidates.append(StrongNeuron(ffn.layer.layer, neuron, kind, share))
    return tuple(sorted(candidates, key=lambda strong: -strong.share)[:STRONGEST])
