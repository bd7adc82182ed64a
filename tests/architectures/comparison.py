"""Compare what neurontui measures in batches with plain PyTorch, one unpadded prompt at a time."""

import itertools
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import Ending, greedy
from neurontui.compute.answers.predict import AnswerOptions, padded_prompts, passes, prepare
from neurontui.compute.answers.targets import Targets
from neurontui.compute.models.ffns.dense_experts import DenseExpertsFFN
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN, has_bias
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.prompts.tokenize import encode_batch, pad
from tests.architectures.plain import (
    Record,
    continued,
    dense_experts_at_last,
    experts_at_last,
    functional_at_last,
    functional_experts_at_last,
    run,
    without_biases_at_last,
)
from tests.compute.tiny import batch

_NEW_TOKENS = 4
_EXACT = {"rtol": 1e-3, "atol": 1e-5}
_BATCH = batch()


class DifferenceError(AssertionError):
    """neurontui and plain PyTorch disagree."""


def compare_capture(loaded: LoadedModel, model: Any) -> str:
    """Masks, activations, Σ w_i v_i + b and the output without neurons, of every layer; returns the FFNs in words.

    model: the same weights, untouched by neurontui. Raises DifferenceError.
    """
    encoded = encode_batch(loaded, _BATCH)
    records = [run(model, list(prompt.ids)) for prompt in encoded]
    captured = capture(loaded, _BATCH, CaptureOptions())
    writers = []
    for index, ffn in enumerate(loaded.ffns):
        activations = captured.activations[index].flatten(0, 1)
        weights = captured.weights[index].flatten(0, 1)
        for row, record in enumerate(records):
            _same_signs(index, activations[row], _plain_activations(loaded, model, ffn, record))
        writers.append(_writer(loaded, model, index, weights, records))
    _only_biases(loaded, writers)
    return _in_words(loaded)


def _plain_activations(loaded: LoadedModel, model: Any, ffn: FFN, record: Record) -> Tensor:
    if len(ffn.parts) > 1:
        return torch.cat([_plain_activations(loaded, model, part, record) for part in ffn.parts])
    if isinstance(ffn, DenseExpertsFFN):
        return dense_experts_at_last(record, path_of(loaded, ffn.experts))
    if isinstance(ffn, ExpertsFFN):
        path = path_of(loaded, ffn.experts)
        if f"{path}.act_fn" not in record:
            return functional_experts_at_last(record, path, model.get_submodule(path))
        return experts_at_last(record, path, ffn.n_experts)
    act = path_of(loaded, ffn.act)
    return record[act].last_output if act in record else functional_at_last(record, path_of(loaded, ffn.value))


def path_of(loaded: LoadedModel, module: Any) -> str:
    """Path of a module, the same in the plain model."""
    return next(path for path, candidate in loaded.model.named_modules() if candidate is module)


def _same_signs(layer: int, ours: Tensor, plain: Tensor) -> None:
    if ours.shape != plain.shape:
        raise DifferenceError(f"layer {layer} has {tuple(ours.shape)} activations instead of {tuple(plain.shape)}")
    differing = (ours > 0) != (plain > 0)
    if differing.any():
        share = differing.float().mean().item()
        raise DifferenceError(f"{share:.0%} of the signs of layer {layer} differ from those of one prompt alone")
    if not torch.allclose(ours, plain, **_EXACT):
        raise DifferenceError(f"the activations of layer {layer} differ from those of one prompt alone")


def _writer(loaded: LoadedModel, model: Any, layer: int, weights: Tensor, records: list[Record]) -> str:
    """Path of the module of the layer's block whose output is Σ w_i v_i + b for every prompt."""
    ffn = loaded.ffns[layer]
    bias = ffn.value_bias()
    sums = weights @ ffn.value_vectors() + (0 if bias is None else bias)
    if isinstance(ffn, ExpertsFFN) and has_bias(ffn.experts):
        path = path_of(loaded, ffn.experts)
        experts = model.get_submodule(path)
        written = torch.stack([without_biases_at_last(record, path, experts) for record in records])
        if torch.allclose(written, sums, rtol=1e-3, atol=1e-4):
            return path_of(loaded, ffn.writer)
    block = _block(path_of(loaded, ffn.value))
    for path in records[0]:
        outputs = [record[path].outputs[0] for record in records if path.startswith(block)]
        if outputs and outputs[0].shape[-1] == sums.shape[-1]:
            written = torch.stack([record[path].last_output for record in records])
            if torch.allclose(written, sums, rtol=1e-3, atol=1e-4):
                return path
    raise DifferenceError(f"no module of the block of layer {layer} returns the sum of weights times value vectors")


def _block(path: str) -> str:
    """Path of the block around a module: up to its first number."""
    parts = path.split(".")
    return (
        ".".join(itertools.chain(itertools.takewhile(lambda part: not part.isdigit(), parts))) + "."
        if (any(part.isdigit() for part in parts))
        else ""
    )


@torch.no_grad()
def _only_biases(loaded: LoadedModel, writers: list[str]) -> None:
    """With all neurons off, each FFN returns its bias at every token."""
    outputs: dict[int, Tensor] = {}

    def keep(index: int) -> Any:
        def hook(_module: Any, _args: Any, output: Any) -> None:
            outputs[index] = (output[0] if isinstance(output, tuple) else output).clone()  # Falcon adds to it in place

        return hook

    handles = [
        loaded.model.get_submodule(path).register_forward_hook(keep(index)) for index, path in enumerate(writers)
    ]
    tokens = pad(loaded, encode_batch(loaded, _BATCH))
    off = {ffn.layer.layer: torch.ones(1, ffn.layer.n_neurons, dtype=torch.bool) for ffn in loaded.ffns}
    with ablate(loaded.ffns, off) as intervention:
        intervention.aim(torch.zeros(len(tokens.ids), dtype=torch.long))
        forward(loaded, tokens)
    for handle in handles:
        handle.remove()
    for index, ffn in enumerate(loaded.ffns):
        bias = ffn.value_bias()
        expected = torch.zeros(outputs[index].shape[-1]) if bias is None else bias
        if not torch.allclose(outputs[index], expected.expand_as(outputs[index]), atol=1e-6):
            raise DifferenceError(f"layer {index} writes more than its bias when all its neurons are off")


def _in_words(loaded: LoadedModel) -> str:
    kinds = []
    for ffn in loaded.ffns:
        gated = "gated" if ffn.gated else "plain"
        if isinstance(ffn.parts[0], (ExpertsFFN, DenseExpertsFFN)):
            gated = "experts" if len(ffn.parts) == 1 else "experts with a shared expert"
        kinds.append(gated)
    return " and ".join(dict.fromkeys(kinds))


@torch.inference_mode()
def compare_generation(loaded: LoadedModel, model: Any) -> None:
    """Greedy answers in batches, against passes over one prompt without a cache; raises DifferenceError."""
    encoded = encode_batch(loaded, _BATCH)
    prepared = prepare(loaded, _BATCH, Targets((None,) * len(encoded)), AnswerOptions(_NEW_TOKENS))
    endless = Ending(loaded.tokenizer, frozenset())
    decoder = Decoder(loaded)
    for rows in passes(loaded, prepared, tuple(range(len(encoded)))):
        reading, logits = decoder.read(padded_prompts(loaded, prepared, rows), _NEW_TOKENS)
        generated = greedy(decoder, reading, logits, endless, _NEW_TOKENS)
        for row, tokens in zip(rows, generated, strict=True):
            expected = continued(model, list(encoded[row].ids), _NEW_TOKENS)
            if tokens != expected[: len(tokens)]:
                raise DifferenceError(f"generated tokens {tokens} differ from those of one prompt alone, {expected}")
