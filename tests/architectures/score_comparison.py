"""Compare contribution and effective scores, as they are stored, with plain PyTorch and NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from transformers.pytorch_utils import Conv1D

from neurontui.compute.answers.targets import Target
from neurontui.compute.batch import Capture
from neurontui.compute.measures.answer_direction import DirectionOptions
from neurontui.compute.measures.attribution import AttributionOptions, Scoring
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.models.ffns.dense_experts import DenseExpertsFFN
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import encode_batch
from tests.architectures.comparison import DifferenceError, path_of
from tests.architectures.plain_writes import Values, stream_factors, written_by_neurons
from tests.compute.answers.asked import asked, targets_of

_BATCH = asked()
_INPUTS = (0, 5, 9, 10)
"""Inputs of the batch that are compared: of different lengths, the third without an answer."""
_RELATIVE = 1e-4
"""Difference that float32 explains."""
Array = NDArray[np.float64]
_Place = tuple[int, int]
"""Input and layer."""


@dataclass(frozen=True)
class _Stored:
    """Scores as they are stored."""

    neurons: dict[_Place, dict[int, tuple[float, float | None]]]
    """Contribution and effective score by neuron."""
    totals: dict[_Place, float]
    """Sum of |w_i| ‖v_i‖ over the layer."""


def compare_scores(loaded: LoadedModel, model: Any) -> str:
    """Scores of all neurons for some prompts, without and with --contrast; returns which ones exist, in words.

    model: the same weights, untouched by neurontui. Raises DifferenceError.
    """
    captured = capture(loaded, _BATCH, CaptureOptions())
    stored = {contrast: _stored(loaded, captured, contrast=contrast) for contrast in (False, True)}
    targets, encoded = targets_of(loaded, _BATCH).rows, encode_batch(loaded, _BATCH)
    embedding = model.get_output_embeddings().weight.detach().double().numpy()
    effective = False
    factors: dict[str, list[float]] = {}
    for layer, ffn in enumerate(loaded.ffns):
        block, values = block_path(path_of(loaded, ffn.value)), values_of(loaded, model, ffn)
        blocks, _, position = block.rpartition(".")
        if blocks not in factors:
            factors[blocks] = stream_factors(model, list(encoded[0].ids), blocks)
        for row in _INPUTS:
            written = written_by_neurons(model, list(encoded[row].ids), block, values).double().numpy()
            written *= factors[blocks][int(position)]
            reaches_logits = ffn.layer.stack == "decoder" and written.shape[1] == embedding.shape[1]
            effective |= reaches_logits
            for contrast, scores in stored.items():
                towards = _direction(targets[row], embedding, contrast=contrast) if reaches_logits else None
                _compare(scores, (row, layer), written, towards)
    return "contribution, effective" if effective else "contribution"


def _stored(loaded: LoadedModel, captured: Capture, *, contrast: bool) -> _Stored:
    masks = [pack_tensor(activations > 0) for activations in captured.activations]
    most = max(layer.n_neurons for layer in loaded.layers)
    options = AttributionOptions(top=most, direction=DirectionOptions(contrast=contrast))
    scoring = Scoring(loaded, _BATCH.languages, options)
    tables, _ = scoring.add(_BATCH, captured, masks, targets_of(loaded, _BATCH))
    stored = _Stored({}, {})
    for row in tables["top_neurons"].to_pylist():
        stored.neurons.setdefault(_place(row), {})[row["neuron"]] = (row["cs"], row["es"])
    for row in tables["attribution"].to_pylist():
        stored.totals[_place(row)] = stored.totals.get(_place(row), 0) + row["raw_sum"]
    return stored


def _place(row: dict[str, Any]) -> _Place:
    return row["example"] * len(_BATCH.languages) + _BATCH.languages.index(row["language"]), row["layer"]


def _direction(target: Target | None, embedding: Array, *, contrast: bool) -> Array | None:
    """E_r, or E_r minus the mean of the other choices' E; None without an answer or other choices."""
    if target is None or (contrast and not target.distractors):
        return None
    answer = embedding[target.word]
    return answer - embedding[list(target.distractors)].mean(0) if contrast else answer


def _compare(stored: _Stored, place: _Place, written: Array, towards: Array | None) -> None:
    """written: (d_m, H) of plain PyTorch. Neurons that are not stored contribute nothing."""
    _, layer = place
    raw = np.linalg.norm(written, axis=1)
    neurons = stored.neurons.get(place, {})
    cs = np.array([neurons.get(i, (0, 0))[0] for i in range(len(raw))])
    _same(f"contribution scores of layer {layer}", cs, raw / max(raw.sum(), 1e-30))
    _same(f"contributions of layer {layer}", np.array([stored.totals[place]]), raw.sum(keepdims=True))
    if towards is None:
        if any(es is not None for _, es in neurons.values()):
            raise DifferenceError(f"layer {layer} has effective scores without an answer or a way to the logits")
        return
    if any(es is None for _, es in neurons.values()):
        raise DifferenceError(f"layer {layer} lacks effective scores")
    es = np.array([neurons.get(i, (0, 0))[1] for i in range(len(raw))], float)
    _same(f"effective scores of layer {layer}", es, written @ towards)


def _same(what: str, ours: Array, plain: Array) -> None:
    largest = np.abs(plain).max()
    difference = np.abs(ours - plain).max()
    if not difference <= _RELATIVE * largest:
        size = difference / largest if largest else float("inf")
        raise DifferenceError(f"the {what} differ from those of plain PyTorch by {size:.2g} times the largest")


def values_of(loaded: LoadedModel, model: Any, ffn: FFN) -> list[Values]:
    """The value matrices of a layer in the plain model, in the order of its neurons."""
    return [_values(loaded, model, part) for part in ffn.parts]


def _values(loaded: LoadedModel, model: Any, ffn: FFN) -> Values:
    if isinstance(ffn, (ExpertsFFN, DenseExpertsFFN)):
        experts = model.get_submodule(path_of(loaded, ffn.experts))
        return Values(experts.down_proj, transposed=not getattr(experts, "is_transposed", True))
    value = model.get_submodule(path_of(loaded, ffn.value))
    return Values(value.weight, transposed=not isinstance(value, Conv1D))


def block_path(path: str) -> str:
    """Path of the block that a module is in: up to its first number."""
    parts = path.split(".")
    first = next(index for index, part in enumerate(parts) if part.isdigit())
    return ".".join(parts[: first + 1])
