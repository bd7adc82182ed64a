"""Scores of models with a norm or a factor behind their FFNs, against the equations in NumPy and against taking a
neuron out of the last layer, with the gain that is in the code of each norm and plain hooks at batch 1."""

from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sets import AblationInputs
from neurontui.compute.measures.answer_direction import DirectionOptions, answer_directions
from neurontui.compute.measures.attribution import AttributionOptions, score_layer
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.vocabulary import vocabulary_tables
from neurontui.compute.models.ffns.post_norms import with_writes
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import encode
from tests.compute.answers.asked import asked, targets_of
from tests.compute.measures.whole import attribution_tables
from tests.compute.models.behind import mixture
from tests.compute.tiny import load_tiny

ONE_PLUS = ("gemma2", "gemma3_text")
NORMS = {
    **dict.fromkeys(("gemma2", "gemma3_text", "olmo2", "olmo3", "exaone4"), "post_feedforward_layernorm"),
    **dict.fromkeys(("glm4", "afmoe"), "post_mlp_layernorm"),
    "hyperclovax": "post_norm2",
}
ARCHITECTURES = [*NORMS, "granite", "llama"]
FACTORS = {"hyperclovax": 0.7, "granite": 0.22}
N_NEURONS = 48


@dataclass
class Layer:
    """One layer of one input, at its last token: float64."""

    weights: np.ndarray
    values: np.ndarray
    """(d_m, H)."""
    output: np.ndarray
    """(H,) of the FFN."""
    residual: np.ndarray
    """(H,) after the block."""


def block_of(loaded, layer: int) -> nn.Module:
    return loaded.model.model.layers[layer]


def value_of(loaded, layer: int) -> nn.Linear:
    return block_of(loaded, layer).mlp.down_proj


def run(loaded, prompt: str, hooks) -> None:
    handles = [module.register_forward_hook(hook) for module, hook in hooks]
    try:
        with torch.inference_mode():
            loaded.model(input_ids=torch.tensor([encode(loaded, [prompt])[0].ids]), use_cache=False)
    finally:
        for handle in handles:
            handle.remove()


@cache
def read(architecture: str, prompt: str) -> list[Layer]:
    """Every layer of one prompt, read with plain hooks."""
    loaded = load_tiny(architecture)
    seen: list[dict[str, np.ndarray]] = [{}, {}]

    def keep(into: dict[str, np.ndarray], name: str, _module, _args, output) -> None:
        into[name] = last(output)

    def keep_input(into: dict[str, np.ndarray], _module, args, _output) -> None:
        into["weights"] = last(args[0])

    hooks = []
    for layer, into in enumerate(seen):
        value = value_of(loaded, layer)
        hooks += [(value, partial(keep, into, "output")), (value, partial(keep_input, into))]
        hooks.append((block_of(loaded, layer), partial(keep, into, "residual")))
    run(loaded, prompt, hooks)
    return [Layer(values=value_of(loaded, layer).weight.double().numpy().T, **into) for layer, into in enumerate(seen)]


def last(output) -> np.ndarray:
    hidden = output[0] if isinstance(output, tuple) else output
    return hidden.reshape(-1, hidden.shape[-1])[-1].double().numpy().copy()


def gain_and_scale(architecture: str, layer: int, output: np.ndarray) -> tuple[np.ndarray, float]:
    """γ times the factor, and 1 / rms of the FFN's output, as in the code of the norm."""
    factor = FACTORS.get(architecture, 1.0)
    if architecture not in NORMS:
        return np.full(len(output), factor), 1.0
    norm = getattr(block_of(load_tiny(architecture), layer), NORMS[architecture])
    gain = norm.weight.double().numpy() + (architecture in ONE_PLUS)
    epsilon = getattr(norm, "variance_epsilon", None) or norm.eps
    return gain * factor, 1 / np.sqrt((output**2).mean() + epsilon)


@cache
def measured(architecture: str, *, post_norm: bool = True, **options):
    loaded, batch = load_tiny(architecture, post_norm=post_norm), asked()
    captured = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(activations > 0) for activations in captured.activations]
    targets = targets_of(loaded, batch)
    listed = AttributionOptions(top=N_NEURONS, **options)
    return loaded, batch, targets, captured, attribution_tables(batch, captured, loaded, masks, targets, listed)


def rows_of(architecture: str, **options):
    """Every input and layer: (row of the batch, layer, {neuron: row of top_neurons}, summed raw contribution)."""
    _, batch, _, _, tables = measured(architecture, **options)
    top, by_type = tables["top_neurons"].to_pylist(), tables["attribution"].to_pylist()
    for row in range(len(batch.prompts)):
        example, language = divmod(row, len(batch.languages))
        for layer in range(2):
            key = (example, batch.languages[language], layer)
            here = [r for r in top if (r["example"], r["language"], r["layer"]) == key]
            raw = sum(r["raw_sum"] for r in by_type if (r["example"], r["language"], r["layer"]) == key)
            yield row, layer, {r["neuron"]: r for r in here}, raw


def assert_scores(architecture: str, *, with_norm: bool, **options) -> None:
    loaded, batch, targets, _, _ = measured(architecture, **options)
    E = loaded.model.get_output_embeddings().weight.double().numpy()
    for row, layer, neurons, raw_sum in rows_of(architecture, **options):
        one = read(architecture, batch.prompts[row])[layer]
        gain, scale = gain_and_scale(architecture, layer, one.output) if with_norm else (np.ones(32), 1.0)
        written = one.weights[:, None] * (gain * one.values) * scale
        raw = np.linalg.norm(written, axis=1)
        assert raw_sum == pytest.approx(raw.sum(), rel=1e-4)
        assert len(neurons) > N_NEURONS / 2
        target = targets.rows[row]
        es = None if target is None else written @ E[target.word]
        for neuron, r in neurons.items():
            assert r["cs"] == pytest.approx(raw[neuron] / raw.sum(), rel=1e-4, abs=1e-6)
            if es is None:
                assert r["es"] is None
            else:
                assert r["es"] == pytest.approx(es[neuron], rel=1e-4, abs=1e-6 * np.abs(es).max())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_scores_include_what_is_behind_the_ffn(architecture: str) -> None:
    assert_scores(architecture, with_norm=True)


@pytest.mark.parametrize("architecture", ["gemma2", "olmo2", "hyperclovax", "granite", "llama"])
def test_scores_without_it_are_the_plain_equations(architecture: str) -> None:
    assert_scores(architecture, with_norm=False, post_norm=False)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_neuron_taken_out_of_the_last_layer_changes_the_residual_stream_by_its_score(architecture: str) -> None:
    """E_r · Δresidual, with the scale of the norm held fixed."""
    loaded, batch, targets, _, _ = measured(architecture)
    E = loaded.model.get_output_embeddings().weight.double().numpy()
    for row, layer, neurons, _ in rows_of(architecture):
        target = targets.rows[row]
        if layer == 0 or target is None:
            continue
        before = read(architecture, batch.prompts[row])[layer]
        strongest = sorted(neurons, key=lambda neuron: -abs(neurons[neuron]["es"]))[:3]
        for neuron in strongest:
            after = without(architecture, batch.prompts[row], layer, neuron)
            effect = (before.residual - after) @ E[target.word]
            # float32 activations: rounding of the residual stream is all that is added to the relative difference.
            rounding = 3e-7 * np.linalg.norm(before.residual) * np.linalg.norm(E[target.word])
            assert effect == pytest.approx(neurons[neuron]["es"], rel=1e-4, abs=rounding)


def without(architecture: str, prompt: str, layer: int, neuron: int) -> np.ndarray:
    """The residual stream after the block, (H,), without one neuron."""
    loaded = load_tiny(architecture)
    value, output = value_of(loaded, layer), {}

    def take_out(_module, args, plain):
        output["plain"] = plain.clone()
        return plain - args[0][..., neuron : neuron + 1] * value.weight[:, neuron]

    def hold_scale(norm, args, normed):
        epsilon = getattr(norm, "variance_epsilon", None) or norm.eps
        now, then = ((x.square().mean(-1, keepdim=True) + epsilon).sqrt() for x in (args[0], output["plain"]))
        return normed * now / then

    block, kept = block_of(loaded, layer), {}
    hooks = [(value, take_out), (block, lambda _module, _args, hidden: kept.update(residual=last(hidden)))]
    if architecture in NORMS:
        hooks.append((getattr(block, NORMS[architecture]), hold_scale))
    run(loaded, prompt, hooks)
    return kept["residual"]


@pytest.mark.parametrize("architecture", ["gemma2", "glm4"])
def test_with_factor_gate_the_scale_is_still_that_of_the_real_output(architecture: str) -> None:
    """Σ act(gate)·v is not the FFN's output, so the scale cannot be computed from it."""
    loaded, batch, targets, captured, tables = measured(architecture, weight="gate")
    E = loaded.model.get_output_embeddings().weight.double().numpy()
    one = read(architecture, batch.prompts[0])[1]
    gain, scale = gain_and_scale(architecture, 1, one.output)
    gate = captured.activations[1][0, 0].double().numpy()
    es = gate * ((gain * one.values) @ E[targets.rows[0].word]) * scale
    for r in tables["top_neurons"].to_pylist():
        if (r["example"], r["language"], r["layer"]) == (0, batch.languages[0], 1):
            assert r["es"] == pytest.approx(es[r["neuron"]], rel=1e-4, abs=1e-6 * np.abs(es).max())


@pytest.mark.parametrize("architecture", ["gemma2", "olmo2", "llama"])
def test_scores_do_not_depend_on_parts_and_passes(architecture: str) -> None:
    loaded, batch, _, whole, _ = measured(architecture)
    small = capture(loaded, batch, CaptureOptions(token_budget=1))
    assert set(whole.scales) == set(small.scales) == (set(range(2)) if architecture in NORMS else set())
    for layer, scales in whole.scales.items():
        assert scales.shape == (3, 4)
        torch.testing.assert_close(scales, small.scales[layer], rtol=1e-4, atol=0)
        for row, prompt in enumerate(batch.prompts):
            _, scale = gain_and_scale(architecture, layer, read(architecture, prompt)[layer].output)
            assert float(scales.flatten()[row]) == pytest.approx(scale, rel=1e-4)


@pytest.mark.parametrize("post_norm", [True, False])
def test_final_norm_is_folded_once(post_norm: bool) -> None:
    """With --final-norm, ES is what the neuron adds to the logit where the scales of both norms are held fixed."""
    architecture = "gemma2"
    loaded, batch, targets, _, _ = measured(architecture, post_norm=post_norm, final_norm=True)
    E, final = loaded.model.get_output_embeddings().weight.double().numpy(), loaded.model.model.norm
    for row, layer, neurons, _ in rows_of(architecture, post_norm=post_norm, final_norm=True):
        if targets.rows[row] is None:
            continue
        layers = read(architecture, batch.prompts[row])
        gain, scale = gain_and_scale(architecture, layer, layers[layer].output) if post_norm else (np.ones(32), 1.0)
        residual = layers[-1].residual
        last_scale = 1 / np.sqrt((residual**2).mean() + final.eps)
        towards = E[targets.rows[row].word] * (final.weight.double().numpy() + 1) * last_scale
        es = layers[layer].weights * ((gain * layers[layer].values) @ towards) * scale
        for neuron, r in neurons.items():
            assert r["es"] == pytest.approx(es[neuron], rel=1e-3, abs=1e-5 * np.abs(es).max())


@pytest.mark.parametrize("architecture", ["gemma2", "exaone4", "llama"])
def test_matched_sets_use_the_same_contributions(architecture: str) -> None:
    loaded, batch, _, captured, _ = measured(architecture)
    masks = [pack_tensor(activations > 0) for activations in captured.activations]
    inputs = AblationInputs(batch, loaded.ffns, captured, masks, AblationOptions(), {})
    for layer, norms in enumerate(inputs.norms):
        one = read(architecture, batch.prompts[0])[layer]
        gain, _ = gain_and_scale(architecture, layer, one.output)
        np.testing.assert_allclose(norms.numpy(), np.linalg.norm(gain * one.values, axis=1), rtol=1e-4)


@pytest.mark.parametrize("architecture", ["gemma2", "olmo2", "granite", "llama"])
def test_promoted_tokens_are_those_of_what_is_written(architecture: str) -> None:
    loaded = load_tiny(architecture)
    rows = vocabulary_tables(loaded, [(1, 7)], top=5)["neuron_vocabulary"].to_pylist()
    E = loaded.model.get_output_embeddings().weight.double().numpy()[: len(loaded.tokenizer)]
    value = value_of(loaded, 1).weight.double().numpy()[:, 7]
    gain, _ = gain_and_scale(architecture, 1, np.ones(32))
    logits = np.sort(E @ (gain * value))
    for direction, expected in (("promotes", logits[::-1][:5]), ("suppresses", logits[:5])):
        found = [r["logit"] for r in rows if r["direction"] == direction]
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_layer_norm_behind_experts_and_shared_experts(tmp_path: Path) -> None:
    """Scores of all experts' neurons add up to their part of the norm's output; its scale is that of the whole sum."""
    model, ffns = mixture(tmp_path, lambda: nn.LayerNorm(32))
    found, n = with_writes(model, ffns, "m", use=True)
    loaded, batch = replace(load_tiny("mixtral"), model=model, ffns=found, post_norms=n), asked()
    captured = capture(loaded, batch, CaptureOptions())
    targets, E = targets_of(loaded, batch), model.get_output_embeddings().weight.detach()
    directions = answer_directions(loaded, targets, DirectionOptions())
    for row, prompt in enumerate(batch.prompts):
        example, language = divmod(row, len(batch.languages))
        if targets.rows[row] is None:
            continue
        for ffn, layer in zip(found, model.model.layers, strict=True):
            seen: dict[str, torch.Tensor] = {}
            hooks = [
                (layer.mlp.inner, lambda _m, _a, output, seen=seen: seen.update(experts=output[0, -1])),
                (layer.mlp.behind, lambda _m, args, _o, seen=seen: seen.update(whole=args[0][0, -1])),
            ]
            run(loaded, prompt, hooks)
            norm, experts, whole = layer.mlp.behind, seen["experts"], seen["whole"]
            scale = 1 / (whole.var(unbiased=False) + norm.eps).sqrt()
            part = norm.weight.detach() * (experts - experts.mean()) * scale
            index = ffn.layer.layer
            weights = captured.weights[index] * captured.scales[index][..., None]
            scores = score_layer(ffn, weights, directions, None, AttributionOptions())
            summed = float(scores.es[example, :, language].sum())
            assert summed == pytest.approx(float(part @ E[targets.rows[row].word]), rel=1e-3, abs=1e-4)
