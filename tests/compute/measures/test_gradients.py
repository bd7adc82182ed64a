"""Gradients equal plain autograd: one prompt at a time, unpadded, batch 1, w replaced by a leaf of the whole pass."""

from dataclasses import replace
from functools import cache

import pytest
import torch

from neurontui.compute.answers.targets import Targets
from neurontui.compute.measures.gradients import ANSWER_COST, GradientOptions, Gradients, gradients, require_gradients
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.prompts.tokenize import encode_batch
from neurontui.store.errors import InputError, MeasureError
from tests.compute.answers.asked import asked, targets_of
from tests.compute.tiny import load_tiny, save_tiny

DENSE = ["llama", "gemma3_text", "bloom", "xglm", "opt", "mt5", "gpt2", "gpt_neox"]
ROUTED = ["mixtral", "qwen3_moe"]


def by_hand(loaded, ids: list[int], answer: list[int], opening: list[int]):
    """w · ∂ log p / ∂w at the token of measurement, per layer (d_m,), and log p, in plain PyTorch."""
    leaves = {}

    def hook_of(ffn):
        def hook(_module, args):
            leaves[ffn.layer.layer] = leaf = args[0] + torch.zeros_like(args[0], requires_grad=True)
            leaf.retain_grad()
            return (leaf, *args[1:])

        return hook

    handles = [ffn.value.register_forward_pre_hook(hook_of(ffn)) for ffn in loaded.ffns]
    if loaded.encoder_decoder:
        fed = [*opening, *answer[:-1]]
        logits = loaded.model(input_ids=torch.tensor([ids]), decoder_input_ids=torch.tensor([fed]), use_cache=False)
        first = len(opening) - 1
    else:
        logits = loaded.model(input_ids=torch.tensor([[*ids, *answer[:-1]]]), use_cache=False)
        first = len(ids) - 1
    for handle in handles:
        handle.remove()
    of_answer = torch.log_softmax(logits.logits[0].double(), -1)[first : first + len(answer)]
    total = of_answer[torch.arange(len(answer)), torch.tensor(answer)].sum()
    total.backward()
    products = []
    for ffn in loaded.ffns:
        w = leaves[ffn.layer.layer]
        at = len(ids) - 1 if ffn.layer.stack == "encoder" or not loaded.encoder_decoder else first
        product = (w * w.grad).detach().reshape(-1, w.shape[-1])
        products.append(product[at].double())
    return products, float(total.detach())


@cache
def measured(architecture: str, budget: int = 64):
    """Gradients of every row with an answer, after a capture as in a run: {row: (layers, log p)}."""
    loaded, batch = load_tiny(architecture), asked()
    capture(loaded, batch, CaptureOptions())
    of_row = {}

    def take(found: Gradients) -> None:
        for at, row in enumerate(found.rows):
            of_row[row] = ([layer[at] for layer in found.layers], float(found.logprobs[at]))

    targets = targets_of(loaded, batch)
    gradients(loaded, batch, targets, GradientOptions(budget), take)
    return loaded, batch, targets, of_row


@pytest.mark.parametrize("architecture", DENSE)
def test_gradients_equal_autograd_alone(architecture: str) -> None:
    loaded, batch, targets, of_row = measured(architecture)
    encoded = encode_batch(loaded, batch)
    assert set(of_row) == {row for row, target in enumerate(targets.rows) if target is not None}
    for row, (layers, logprob) in of_row.items():
        ids, opening = list(encoded[row].ids), list(encoded[row].opening)
        expected, total = by_hand(loaded, ids, list(targets.rows[row].ids), opening)
        assert logprob == pytest.approx(total, abs=1e-4)
        for layer, own in zip(layers, expected, strict=True):
            assert own.abs().max() > 0
            torch.testing.assert_close(layer.double(), own, rtol=1e-3, atol=1e-5 * float(own.abs().max()) + 1e-8)


@pytest.mark.parametrize("architecture", ROUTED)
def test_gradients_of_experts_are_those_of_their_pairs(architecture: str) -> None:
    loaded, batch, targets, of_row = measured(architecture)
    encoded = encode_batch(loaded, batch)
    row = 1
    ids, answer = list(encoded[row].ids), list(targets.rows[row].ids)
    expected = pairs_by_hand(loaded, ids, answer)
    for layer, own in zip(of_row[row][0], expected, strict=True):
        assert 0 < (own != 0).sum() <= len(own)
        torch.testing.assert_close(layer.double(), own, rtol=1e-3, atol=1e-5 * float(own.abs().max()))


def pairs_by_hand(loaded, ids: list[int], answer: list[int]):
    """As `by_hand`; an expert's w is (pairs, d_ff), and the pairs of the last prompt token are read off the router."""
    seen = {}

    def hook_of(ffn):
        def hook(_module, args):
            leaf = args[0] + torch.zeros_like(args[0], requires_grad=True)
            leaf.retain_grad()
            router = getattr(ffn, "router", None)
            pairs = None if router is None else (router.token.tolist(), router.expert.tolist())
            seen[ffn.layer.layer] = (leaf, pairs)
            return (leaf, *args[1:])

        return hook

    handles = [ffn.value.register_forward_pre_hook(hook_of(ffn)) for ffn in loaded.ffns]
    logits = loaded.model(input_ids=torch.tensor([[*ids, *answer[:-1]]]), use_cache=False).logits[0].double()
    for handle in handles:
        handle.remove()
    last = len(ids) - 1
    spoken = torch.log_softmax(logits, -1)[last : last + len(answer)]
    spoken[torch.arange(len(answer)), torch.tensor(answer)].sum().backward()
    for ffn in loaded.ffns:
        w, pairs = seen[ffn.layer.layer]
        product = (w * w.grad).detach().double()
        if pairs is None:
            yield product.reshape(-1, w.shape[-1])[last]
            continue
        own = torch.zeros(ffn.n_experts, w.shape[-1], dtype=torch.float64)
        for s, (token, expert) in enumerate(zip(*pairs, strict=True)):
            if token == last:
                own[expert] = product[s]
        yield own.flatten()


def test_batches_do_not_matter() -> None:
    *_, alone = measured("gemma3_text", 1)
    *_, together = measured("gemma3_text", 4096)
    for row, (layers, logprob) in alone.items():
        assert together[row][1] == pytest.approx(logprob, abs=1e-4)
        for one, other in zip(layers, together[row][0], strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5 * float(one.abs().max()))


def test_short_prompts_do_not_add_up_to_many_answers_in_one_pass() -> None:
    """The logits of a pass are bounded by its tokens, so memory does not grow with the number of short prompts."""
    loaded, batch = load_tiny("llama"), asked()
    many = replace(batch, examples=batch.examples * 20, indices=tuple(range(20 * len(batch.examples))))
    rows = targets_of(loaded, batch).rows * 20
    most = []

    def take(found: Gradients) -> None:
        answers = [len(target.ids) for row in found.rows if (target := rows[row])]
        most.append(sum(answers) if len(answers) > 1 else 0)

    gradients(loaded, many, Targets(rows), GradientOptions(400), take)
    assert 30 < max(most) <= 400 // ANSWER_COST


@pytest.mark.parametrize("architecture", ["llama", "gemma3_text", "bloom"])
def test_bfloat16_is_multiplied_in_float32(architecture: str, tmp_path) -> None:
    path = save_tiny(architecture, tmp_path / architecture)
    half = load_model(ModelOptions(str(path), device="cpu", dtype="bfloat16"))
    of_half = []
    gradients(half, asked(), targets_of(half, asked()), GradientOptions(), of_half.append)
    layers = [torch.cat([found.layers[i] for found in of_half]) for i in range(len(half.ffns))]
    assert {layer.dtype for layer in layers} == {torch.float32}
    rows = [row for found in of_half for row in found.rows]
    *_, whole = measured(architecture)
    for i, layer in enumerate(layers):
        exact = torch.stack([whole[row][0][i] for row in rows])
        assert torch.corrcoef(torch.stack([layer.flatten(), exact.flatten()]))[0, 1] > 0.98
        assert len(layer.unique()) > 0.9 * layer.numel()  # products rounded to bfloat16 would repeat


def test_float16_and_encoders_are_refused() -> None:
    facts = load_tiny("llama").facts
    with pytest.raises(InputError, match="--dtype bfloat16 or float32"):
        require_gradients(replace(facts, dtype="float16"))
    with pytest.raises(InputError, match="is an encoder"):
        require_gradients(replace(facts, layers=tuple(replace(layer, stack="encoder") for layer in facts.layers)))
    require_gradients(facts)


def test_a_gradient_that_is_not_finite_names_its_example(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, batch = load_tiny("llama"), asked()
    inputs = targets_of(loaded, batch)
    monkeypatch.setattr(
        "neurontui.compute.measures.gradients.GradientHooks.products",
        lambda hooks: [torch.full((len(hooks.where["decoder"].rows), 3), float("nan")) for _ in hooks.ffns],
    )
    with pytest.raises(MeasureError, match=r"'e0' in '..' has gradients that are not finite"):
        gradients(loaded, batch, inputs, GradientOptions(10**6), lambda _: None)


def test_hooks_are_removed_and_the_model_is_unchanged() -> None:
    loaded = measured("llama")[0]
    assert not any(ffn.value._forward_pre_hooks for ffn in loaded.ffns)
    assert not any(parameter.requires_grad or parameter.grad is not None for parameter in loaded.model.parameters())


def test_inputs_without_an_answer_are_left_out() -> None:
    loaded, batch = load_tiny("llama"), asked()
    gradients(loaded, batch, Targets((None,) * 12), GradientOptions(), lambda _: pytest.fail("there is no answer"))
