"""Contribution and effective scores of neurons, summed by type, by mask and by neuron.

Single scores are too many to store (one per neuron, language and example); sums are enough for all analyses of the
paper, for any subset of languages. Sums are float64, computed on the device of the scores.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.answer_direction import (
    DirectionOptions,
    Directions,
    answer_directions,
)
from neurontui.compute.measures.attribution_rows import (
    ExampleSums,
    TopNeurons,
    example_rows,
    sum_rows,
)
from neurontui.compute.measures.masks import TYPES, to_numpy, type_codes
from neurontui.compute.measures.norm_folding import Folding, find_folding
from neurontui.compute.measures.notes import Note
from neurontui.compute.measures.score_sums import MaskSums, Scores, Sums, Terms
from neurontui.compute.measures.scores import (
    contribution_scores,
    effective_scores,
    top_set,
    value_norms,
    weighted_norms,
)
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode_batch
from neurontui.compute.progress import SILENT, Phase


@dataclass(frozen=True)
class AttributionOptions:
    """How scores are defined, and how many neurons are listed."""

    weight: Literal["product", "gate"] = "product"
    """Factor of a value vector in a gated FFN: act(gate)·up, or act(gate)."""
    direction: DirectionOptions = field(default_factory=DirectionOptions)
    final_norm: bool = False
    """Fold the final norm into E_r; runs the prompts once more."""
    top_share: float = 0.05
    top: int = 10
    neurons: bool = True
    """Also sum over examples per neuron and language: one row each in every batch of the journal."""
    token_budget: int = 4096


class Scoring:
    """Scores the parts of one batch: rows per example after each part, sums by mask and by neuron at the end."""

    def __init__(self, loaded: LoadedModel, languages: Sequence[str], options: AttributionOptions) -> None:
        self._loaded, self._languages, self._options = loaded, tuple(languages), options
        self._by_mask: dict[int, MaskSums] = {}
        self._by_neuron: dict[int, Sums] = {}

    @torch.inference_mode()
    def add(
        self,
        batch: Batch,
        capture: Capture,
        masks: Sequence[Tensor],
        targets: Targets,
        progress: Phase = SILENT,
    ) -> tuple[dict[str, pa.Table], tuple[Note, ...]]:
        """Shard tables attribution and top_neurons of a part, and notes about missing scores.

        masks: per layer (E, d_m), from `pack_tensor`.
        """
        directions = answer_directions(self._loaded, targets, self._options.direction)
        of_examples, layers = [], progress.within("layer", len(self._loaded.ffns))
        for i, scores in enumerate(scores_by_layer(self._loaded, batch, capture, directions, self._options)):
            of_examples.append(self._sum(batch, self._loaded.ffns[i].layer.layer, scores, masks[i]))
            layers.advance()
        return example_rows(batch, of_examples), directions.notes

    def tables(self) -> dict[str, pa.Table]:
        """Shard tables of the batch: attribution_masks up to HISTOGRAM_LANGUAGES languages, neuron_attribution."""
        return sum_rows(self._languages, self._by_mask, self._by_neuron)

    def _sum(self, batch: Batch, layer: int, scores: Scores, masks: Tensor) -> ExampleSums:
        different, of_neuron = _unique(masks)
        n_examples, n_masks = len(batch.examples), len(different)
        example = torch.arange(n_examples, device=masks.device)[:, None]
        cells, groups = _unique(example * n_masks + of_neuron)
        terms = Terms.of(scores)
        sums = terms.by_group(groups, len(cells))
        of_example, of_mask = cells // n_masks, cells % n_masks
        if len(self._languages) <= HISTOGRAM_LANGUAGES:
            fold = torch.tensor(batch.folds, device=masks.device)[of_example]
            of_cell = MaskSums((fold << HISTOGRAM_LANGUAGES) | different[of_mask], sums)
            before_masks = self._by_mask.get(layer)
            self._by_mask[layer] = of_cell.merged() if before_masks is None else before_masks + of_cell.merged()
        if self._options.neurons:
            before = self._by_neuron.get(layer)
            by_neuron = terms.by_neuron()
            self._by_neuron[layer] = by_neuron if before is None else before + by_neuron
        types = type_codes(different, len(self._languages))[of_mask]
        by_type = sums.merge(of_example * len(TYPES) + types, n_examples * len(TYPES))
        return ExampleSums(layer, by_type, _top(scores, masks, self._options.top))


def scores_by_layer(
    loaded: LoadedModel, batch: Batch, capture: Capture, directions: Directions, options: AttributionOptions
) -> Iterator[Scores]:
    """All scores of some inputs, layer by layer."""
    folding = folding_for(loaded, batch, options)
    for i, ffn in enumerate(loaded.ffns):
        yield score_layer(ffn, written_weights(capture, i, options), directions, folding, options)


def score_layer(
    ffn: FFN,
    weights: Tensor,
    directions: Directions,
    folding: Folding | None,
    options: AttributionOptions,
) -> Scores:
    """All scores of one layer. weights: (E, P, d_m) float32, the factors of the vectors that the FFN writes."""
    values = ffn.written_vectors().to(weights.device)  # offloaded weights are elsewhere
    raw = weighted_norms(weights, value_norms(values))
    es, scored = None, directions.known.view(weights.shape[:2]).to(weights.device)
    if ffn.layer.layer not in directions.gaps and bool(scored.any()):
        flat, towards = weights.flatten(0, 1), directions.vectors.to(weights.device)
        if folding is not None:
            towards = folding.fold(towards)
        es = _neuron_major(effective_scores(flat, values, towards).view(weights.shape))
    top, strongest = top_set(raw, options.top_share, options.top)
    cs = _neuron_major(contribution_scores(raw))
    return Scores(_neuron_major(raw), cs, _neuron_major(top), strongest, es, scored)


def written_weights(capture: Capture, index: int, options: AttributionOptions) -> Tensor:
    """(E, P, d_m) float32: factors of the vectors that the FFN writes, times the scale of the norm behind it."""
    weights = (capture.activations if options.weight == "gate" else capture.weights)[index].float()
    scale = capture.scales.get(index)
    return weights if scale is None else weights * scale[..., None]


def _neuron_major(values: Tensor) -> Tensor:
    """(E, P, d_m) as (E, d_m, P)."""
    return values.transpose(1, 2).contiguous()


def folding_for(loaded: LoadedModel, batch: Batch, options: AttributionOptions) -> Folding | None:
    if not options.final_norm or loaded.encoder_only:  # an encoder has no effective scores
        return None
    return find_folding(loaded, encode_batch(loaded, batch), options.token_budget)


def _unique(values: Tensor) -> tuple[Tensor, Tensor]:
    """Distinct values, ascending, and the index of each value among them."""
    different, inverse = torch.unique(values, return_inverse=True)
    return different, inverse


def _top(scores: Scores, masks: Tensor, n: int) -> TopNeurons:
    """The n neurons with the largest contribution score, for each input."""
    neurons = scores.strongest[..., :n]

    def there(values: Tensor) -> NDArray[np.float64]:
        gathered: NDArray[np.float64] = values.transpose(1, 2).gather(-1, neurons).double().cpu().numpy()
        return gathered

    return TopNeurons(
        neuron=neurons.cpu().numpy(),
        mask=to_numpy(masks[:, None].expand(-1, neurons.shape[1], -1).gather(-1, neurons)),
        cs=there(scores.cs),
        es=None if scores.es is None else there(scores.es),
        known=scores.known.cpu().numpy(),
    )
