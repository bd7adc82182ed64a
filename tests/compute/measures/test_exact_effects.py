"""Exact effects equal plain PyTorch: w of one neuron is zero in a pass over the prompt and its answer, at batch 1."""

from functools import cache

import pytest
import torch

from neurontui.compute.measures.exact_effects import copies_of, find_shortcuts
from neurontui.compute.models.prompts.tokenize import encode_batch
from tests.compute.answers.asked import asked, targets_of
from tests.compute.tiny import load_tiny

ARCHITECTURES = ["llama", "gemma3_text", "bloom", "xglm", "opt", "mt5", "gpt2", "mpt", "mistral"]
NEURONS = torch.tensor([0, 5, 17, 40, 47])


def logprob(loaded, prompt, answer, ffn=None, neuron=None, at=None) -> float:
    """log p(answer) with w of one neuron set to zero at one position."""

    def hook(_module, args):
        w = args[0].clone()
        w.reshape(-1, w.shape[-1])[at, neuron] = 0
        return (w, *args[1:])

    handle = ffn.value.register_forward_pre_hook(hook) if ffn is not None else None
    with torch.inference_mode():
        if loaded.encoder_decoder:
            fed, first = [*prompt.opening, *answer[:-1]], len(prompt.opening) - 1
            given = {"input_ids": torch.tensor([prompt.ids]), "decoder_input_ids": torch.tensor([fed])}
        else:
            given, first = {"input_ids": torch.tensor([[*prompt.ids, *answer[:-1]]])}, len(prompt.ids) - 1
        logits = loaded.model(**given, use_cache=False).logits[0].double()
    if handle is not None:
        handle.remove()
    spoken = logits.log_softmax(-1)[first : first + len(answer)]
    return float(spoken[torch.arange(len(answer)), torch.tensor(answer)].sum())


@cache
def case(architecture: str, row: int):
    loaded, batch = load_tiny(architecture), asked()
    return loaded, encode_batch(loaded, batch)[row], targets_of(loaded, batch).rows[row].ids


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("row", [0, 4])
def test_effects_equal_one_neuron_at_a_time(architecture: str, row: int) -> None:
    loaded, prompt, answer = case(architecture, row)
    copies = copies_of(loaded, prompt, answer, len(prompt) - 1, find_shortcuts(loaded), 5, 10**6)
    plain = logprob(loaded, prompt, answer)
    sizes = []
    for ffn in loaded.ffns:
        at = len(prompt.opening) - 1 if loaded.encoder_decoder and ffn.layer.stack == "decoder" else len(prompt) - 1
        effects = copies.effects(ffn, NEURONS)
        expected = [plain - logprob(loaded, prompt, answer, ffn, int(neuron), at) for neuron in NEURONS]
        torch.testing.assert_close(effects, torch.tensor(expected, dtype=torch.float64), rtol=1e-3, atol=5e-6)
        sizes.append(effects.abs().max())
    assert max(sizes) > 1e-3


@pytest.mark.parametrize("architecture", ["llama", "bloom", "mt5"])
def test_few_rows_at_a_time_give_the_same(architecture: str) -> None:
    loaded, prompt, answer = case(architecture, 0)
    shortcuts = find_shortcuts(loaded)
    together = copies_of(loaded, prompt, answer, len(prompt) - 1, shortcuts, 5, 10**6)
    few = copies_of(loaded, prompt, answer, len(prompt) - 1, shortcuts, 5, 2 * (len(prompt) + len(answer)) + 4)
    assert (together.n_rows, few.n_rows) == (5, 2)
    for ffn in loaded.ffns:
        torch.testing.assert_close(few.effects(ffn, NEURONS), together.effects(ffn, NEURONS), rtol=1e-3, atol=5e-6)


@pytest.mark.parametrize("token", [0, 2])
def test_the_token_of_measurement_can_be_in_the_prompt(token: int) -> None:
    loaded, prompt, answer = case("llama", 0)
    copies = copies_of(loaded, prompt, answer, token, find_shortcuts(loaded), 5, 10**6)
    plain = logprob(loaded, prompt, answer)
    effects = copies.effects(loaded.ffns[0], NEURONS)
    expected = [plain - logprob(loaded, prompt, answer, loaded.ffns[0], int(neuron), token) for neuron in NEURONS]
    torch.testing.assert_close(effects, torch.tensor(expected, dtype=torch.float64), rtol=1e-3, atol=5e-6)


@pytest.mark.parametrize("architecture", ["mixtral", "qwen3_moe"])
def test_experts_that_do_not_run_have_no_effect(architecture: str) -> None:
    loaded, prompt, answer = case(architecture, 0)
    copies = copies_of(loaded, prompt, answer, len(prompt) - 1, find_shortcuts(loaded), 200, 10**6)
    ffn = loaded.ffns[0]
    neurons = torch.arange(ffn.layer.n_neurons)
    effects = copies.effects(ffn, neurons).view(ffn.n_experts, -1)
    plain = logprob(loaded, prompt, answer)
    routed = [int(e) for t, e in zip(ffn.router.token, ffn.router.expert, strict=True) if int(t) == len(prompt) - 1]
    assert [bool(row.any()) for row in effects] == [expert in routed for expert in range(ffn.n_experts)]
    expert = routed[-1]
    for neuron in range(0, effects.shape[1], 7):
        without = expert_logprob(loaded, prompt, answer, ffn, expert, neuron)
        assert float(effects[expert, neuron]) == pytest.approx(plain - without, rel=1e-3, abs=5e-6)


def expert_logprob(loaded, prompt, answer, ffn, expert: int, neuron: int) -> float:
    """As `logprob`, with w of one neuron of an expert set to zero for the pair of the last prompt token."""
    last = len(prompt) - 1

    def hook(_module, args):
        w = args[0].clone()
        for s, (token, own) in enumerate(zip(ffn.router.token.tolist(), ffn.router.expert.tolist(), strict=True)):
            if token == last and own == expert:
                w[s, neuron] = 0
        return (w, *args[1:])

    handle = ffn.value.register_forward_pre_hook(hook)
    found = logprob(loaded, prompt, answer)
    handle.remove()
    return found
