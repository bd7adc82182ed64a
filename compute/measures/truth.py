"""Exact effects of a sample of neurons beside their scores: table neuron_effects, for the query attribution-truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.ablation.random_numbers import random_keys, smallest
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.answer_direction import answer_directions
from neurontui.compute.measures.attribution import AttributionOptions, scores_by_layer
from neurontui.compute.measures.exact_effects import Shortcuts, copies_of, find_shortcuts
from neurontui.compute.models.loaded_model import LoadedModel, ModelFacts
from neurontui.compute.models.prompts.tokenize import encode_batch
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class TruthOptions:
    """The sample, and the scores that are stored beside it."""

    neurons: int = 0
    """Neurons of each layer; 0: none."""
    examples: int = 8
    """The first examples of the run."""
    seed: int = 0
    scores: AttributionOptions | None = None
    """None: contribution and effective scores are not measured."""
    effective: bool = False
    """Whether effective scores are measured too."""
    token_budget: int = 4096
    encoder_token: Literal["last", "before-eos"] = "last"  # noqa: S105 - a position, not a secret


def require_exact(model: ModelFacts) -> None:
    """Raise InputError for a precision in which effects of single neurons are smaller than its rounding."""
    if model.dtype != "float32":
        raise InputError(
            f"The effect of a single neuron is smaller than the rounding of {model.dtype}; use --dtype float32, or "
            "remove --truth-neurons."
        )


def sample(layers: Sequence[Layer], options: TruthOptions) -> list[Tensor]:
    """Per layer (n,) neurons, ascending; the same in every batch and on every machine."""
    chosen = []
    for layer in layers:
        keys = random_keys(options.seed, ["truth"], layer.layer, layer.n_neurons, torch.device("cpu"))
        chosen.append(smallest(keys, min(options.neurons, layer.n_neurons))[0].nonzero()[:, 0])
    return chosen


class Truth:
    """Measures exact effects with one model."""

    def __init__(self, loaded: LoadedModel, options: TruthOptions) -> None:
        self._loaded, self._options = loaded, options
        self.neurons = sample(loaded.layers, options)
        self._shortcuts: Shortcuts = find_shortcuts(loaded) if options.neurons else {}

    def count(self, batch: Batch) -> int:
        """Number of examples of a batch whose effects are measured, its first ones."""
        return sum(index < self._options.examples for index in batch.indices) if self._options.neurons else 0

    @torch.inference_mode()
    def table(
        self,
        batch: Batch,
        capture: Capture,
        targets: Targets,
        gradients: Mapping[int, Sequence[Tensor]],
        progress: Phase = SILENT,
    ) -> dict[str, pa.Table]:
        """Shard table neuron_effects of some examples; no table if none has an answer.

        gradients: for each row with an answer, per layer (n,) those of the sampled neurons. The rows of `capture` and
        `targets` are those of `batch`.
        """
        if not gradients:
            return {}
        effects = dict(self._effects(batch, targets, progress.within("input", len(gradients))))
        contribution, effective = self._scores(batch, capture, targets)
        tables = []
        for row in gradients:
            for at, layer in enumerate(self._loaded.layers):
                columns = {
                    "contribution": contribution[at][row] if contribution else None,
                    "effective": effective[at].get(row) if at in effective else None,
                    "gradient": gradients[row][at],
                    "effect": effects[row][at],
                }
                tables.append(_table(batch, row, layer.layer, self.neurons[at], columns))
        return {"neuron_effects": pa.concat_tables(tables)}

    def _effects(self, batch: Batch, targets: Targets, progress: Phase) -> Iterator[tuple[int, list[Tensor]]]:
        """For each row with an answer, per layer (n,) effects."""
        before_eos = self._options.encoder_token == "before-eos"  # noqa: S105
        most = max(len(neurons) for neurons in self.neurons)
        for row, (prompt, target) in enumerate(zip(encode_batch(self._loaded, batch), targets.rows, strict=True)):
            if target is None:
                continue
            token = prompt.measured(before_eos=before_eos)
            copies = copies_of(
                self._loaded, prompt, target.ids, token, self._shortcuts, most, self._options.token_budget
            )
            layers = progress.within("layer", len(self.neurons))
            of_layers = []
            for ffn, neurons in zip(self._loaded.ffns, self.neurons, strict=True):
                of_layers.append(copies.effects(ffn, neurons))
                layers.advance()
            progress.advance()
            yield row, of_layers

    def _scores(
        self, batch: Batch, capture: Capture, targets: Targets
    ) -> tuple[list[Tensor], dict[int, Mapping[int, Tensor]]]:
        """Per layer contribution (R, n), and by layer and row effective scores (n,) where they exist."""
        options = self._options.scores
        if options is None:
            return [], {}
        scored = targets if self._options.effective else Targets((None,) * len(targets.rows))
        directions = answer_directions(self._loaded, scored, options.direction)
        contribution: list[Tensor] = []
        effective: dict[int, Mapping[int, Tensor]] = {}
        for at, scores in enumerate(scores_by_layer(self._loaded, batch, capture, directions, options)):
            chosen = self.neurons[at].to(scores.cs.device)
            contribution.append(_by_row(scores.cs, chosen))
            if scores.es is not None:
                known = scores.known.flatten().nonzero()[:, 0].tolist()
                of_layer = _by_row(scores.es, chosen)
                effective[at] = {row: of_layer[row] for row in known}
        return contribution, effective


def _by_row(values: Tensor, neurons: Tensor) -> Tensor:
    """(E, d_m, P) as (E·P, n)."""
    return values[:, neurons].transpose(1, 2).flatten(0, 1)


def _table(batch: Batch, row: int, layer: int, neurons: Tensor, columns: Mapping[str, Tensor | None]) -> pa.Table:
    position, bit = divmod(row, len(batch.languages))
    n = len(neurons)
    keys = {
        "example": np.full(n, batch.indices[position], np.int32),
        "language": pa.array([batch.languages[bit]] * n),
        "layer": np.full(n, layer, np.int32),
        "neuron": neurons.numpy().astype(np.int32),
    }
    scores = {
        name: pa.nulls(n, pa.float64()) if values is None else pa.array(values.double().cpu().numpy())
        for name, values in columns.items()
    }
    return pa.table({**keys, **scores})
