"""Which neurons matter: contribution and effective scores, summed by type, by mask and by neuron.

Scores themselves are too many to keep (a number a neuron, language and example); sums of them answer every question
of the paper, for any subset of languages. Sums are made in float64, where the scores are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.attribution_rows import (
    LayerSums,
    MaskSums,
    TopNeurons,
    attribution_rows,
)
from neurontui.compute.measures.device_masks import type_codes
from neurontui.compute.measures.directions import (
    DirectionOptions,
    Directions,
    answer_directions,
)
from neurontui.compute.measures.folding import Folding, find_folding
from neurontui.compute.measures.groups import Scores, Sums, Terms
from neurontui.compute.measures.masks import TYPES, to_numpy
from neurontui.compute.measures.scores import (
    contribution_scores,
    effective_scores,
    top_set,
    value_norms,
    weighted_norms,
)
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES
from neurontui.compute.models.ffn import FFN
from neurontui.compute.models.loaded import LoadedModel
from neurontui.compute.models.tokenise import encode_batch


@dataclass(frozen=True)
class AttributionOptions:
    """How scores are defined, and which neurons are listed by number."""

    weight: Literal["product", "gate"] = "product"
    """What multiplies a value vector in a gated FFN: act(gate)·up, or act(gate) alone."""
    direction: DirectionOptions = field(default_factory=DirectionOptions)
    final_norm: bool = False
    """Fold the norms between FFN and logits into E_r; runs the prompts once more."""
    top_share: float = 0.05
    top: int = 10
    neurons: bool = True
    """Also sum over examples, a neuron and language: a row each in every batch."""
    token_budget: int = 4096


@torch.inference_mode()
def attribution_tables(
    batch: Batch,
    capture: Capture,
    loaded: LoadedModel,
    masks: Sequence[Tensor],
    targets: Targets,
    options: AttributionOptions,
) -> dict[str, pa.Table]:
    """Shard tables of one batch: attribution, attribution_masks, neuron_attribution, top_neurons, notes.

    masks: per layer (E, d_m), from `pack_tensor`. Above HISTOGRAM_LANGUAGES languages there is no attribution_masks.
    """
    directions = answer_directions(loaded, targets, options.direction)
    folding = _folding(loaded, batch, options)
    layers = []
    for i, ffn in enumerate(loaded.ffns):
        read = capture.activations if options.weight == "gate" else capture.weights
        scores = score_layer(ffn, read[i], directions, folding, options)
        layers.append(_sum_layer(batch, ffn, scores, masks[i], options))
    return attribution_rows(batch, layers, directions.notes)


def score_layer(
    ffn: FFN,
    weights: Tensor,
    directions: Directions,
    folding: Folding | None,
    options: AttributionOptions,
) -> Scores:
    """All scores of one layer. weights: (E, P, d_m), what multiplies each value vector."""
    values, weights = ffn.value_vectors(), weights.float()
    raw = weighted_norms(weights, value_norms(values))
    es, known = None, directions.known.view(weights.shape[:2]).to(weights.device)
    if ffn.layer.layer not in directions.gaps and bool(known.any()):
        flat, towards = weights.flatten(0, 1), directions.vectors.to(weights.device)
        if folding is not None:
            towards = folding.fold(towards, ffn, flat, values)
        es = _neuron_major(effective_scores(flat, values, towards).view(weights.shape))
    top, strongest = top_set(raw, options.top_share, options.top)
    cs = _neuron_major(contribution_scores(raw))
    return Scores(_neuron_major(raw), cs, _neuron_major(top), strongest, es, known)


def _neuron_major(values: Tensor) -> Tensor:
    """(E, P, d_m) as (E, d_m, P)."""
    return values.transpose(1, 2).contiguous()


def _folding(loaded: LoadedModel, batch: Batch, options: AttributionOptions) -> Folding | None:
    if not options.final_norm:
        return None
    return find_folding(loaded, encode_batch(loaded, batch), options.token_budget)


def _sum_layer(
    batch: Batch, ffn: FFN, scores: Scores, masks: Tensor, options: AttributionOptions
) -> LayerSums:
    """All that the tables need of a layer."""
    different, of_neuron = _unique(masks)
    n_examples, n_masks = len(batch.examples), len(different)
    example = torch.arange(n_examples, device=masks.device)[:, None]
    cells, groups = _unique(example * n_masks + of_neuron)
    terms = Terms.of(scores)
    sums = terms.by_group(groups, len(cells))
    of_example, of_mask = cells // n_masks, cells % n_masks
    types = type_codes(different, len(batch.languages))[of_mask]
    return LayerSums(
        layer=ffn.layer.layer,
        by_type=sums.merge(of_example * len(TYPES) + types, n_examples * len(TYPES)),
        by_mask=_by_mask(batch, sums, of_example, of_mask, different),
        by_neuron=terms.by_neuron() if options.neurons else None,
        top=_top(scores, masks, options.top),
    )


def _by_mask(
    batch: Batch, sums: Sums, of_example: Tensor, of_mask: Tensor, different: Tensor
) -> MaskSums | None:
    if len(batch.languages) > HISTOGRAM_LANGUAGES:
        return None
    folds = torch.tensor(batch.folds, device=of_mask.device)
    keys, into = _unique(folds[of_example] * len(different) + of_mask)
    return MaskSums(
        fold=(keys // len(different)).cpu().numpy(),
        mask=to_numpy(different[keys % len(different)]),
        sums=sums.merge(into, len(keys)),
    )


def _unique(values: Tensor) -> tuple[Tensor, Tensor]:
    """Different values, ascending, and which of them each value is."""
    different, inverse = torch.unique(values, return_inverse=True)
    return different, inverse


def _top(scores: Scores, masks: Tensor, n: int) -> TopNeurons:
    """The n neurons of largest score, for each input."""
    neurons = scores.strongest[..., :n]

    def there(values: Tensor) -> NDArray[np.float64]:
        found: NDArray[np.float64] = (
            values.transpose(1, 2).gather(-1, neurons).double().cpu().numpy()
        )
        return found

    return TopNeurons(
        neuron=neurons.cpu().numpy(),
        mask=to_numpy(masks[:, None].expand(-1, neurons.shape[1], -1).gather(-1, neurons)),
        cs=there(scores.cs),
        es=None if scores.es is None else there(scores.es),
        known=scores.known.cpu().numpy(),
    )
