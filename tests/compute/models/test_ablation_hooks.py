"""Switching neurons off is what zeroing rows of the value matrix is; and nothing else happens."""

import copy

import pytest
import torch

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.prompts.tokenize import Tokens, encode_batch, pad
from neurontui.store.errors import MeasureError
from tests.compute.tiny import CONFIGS, batch, load_tiny


def tokens_of(loaded: LoadedModel, rows: slice = slice(None)) -> Tokens:
    return pad(loaded, encode_batch(loaded, batch())[rows])


def last_hidden(loaded: LoadedModel, tokens: Tokens) -> torch.Tensor:
    with torch.inference_mode():
        hidden = forward(loaded, tokens)
    at = torch.zeros_like(tokens.last) if loaded.encoder_decoder else tokens.last
    return hidden[torch.arange(len(hidden)), at]


def sets(loaded: LoadedModel, n: int, seed: int = 0, share: float = 0.3) -> dict[int, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {ffn.layer.layer: torch.rand(n, ffn.layer.n_neurons, generator=generator) < share for ffn in loaded.ffns}


def edited(loaded: LoadedModel, off: dict[int, torch.Tensor]) -> LoadedModel:
    """A copy of the model with the rows of its value matrices set to zero."""
    from dataclasses import replace

    from neurontui.compute.models.ffns.architectures import find_ffns

    model = copy.deepcopy(loaded.model)
    changed = replace(loaded, model=model, ffns=find_ffns(model))
    with torch.no_grad():
        for ffn in changed.ffns:
            ffn.value_vectors()[off[ffn.layer.layer][0]] = 0  # a view in float32
    return changed


@pytest.mark.parametrize("architecture", CONFIGS)
def test_one_set_for_all_is_a_model_with_those_value_vectors_zeroed(architecture: str) -> None:
    loaded = load_tiny(architecture)
    tokens, off = tokens_of(loaded), sets(loaded, 1)
    with ablate(loaded.ffns, off):
        switched_off = last_hidden(loaded, tokens)
    by_hand = last_hidden(edited(loaded, off), tokens)
    torch.testing.assert_close(switched_off, by_hand, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(switched_off, last_hidden(loaded, tokens), atol=1e-2)


@pytest.mark.parametrize("architecture", CONFIGS)
@pytest.mark.parametrize("scope", ["all", "last"])
def test_each_input_gets_its_own_set_as_if_it_were_alone(architecture: str, scope: str) -> None:
    loaded = load_tiny(architecture)
    tokens, off = tokens_of(loaded), sets(loaded, 12)
    with ablate(loaded.ffns, off, scope=scope) as intervention:
        intervention.aim(None, last_of(loaded, tokens))
        together = last_hidden(loaded, tokens)
    for row in range(0, 12, 5):
        alone = tokens_of(loaded, slice(row, row + 1))
        own = {layer: each[row : row + 1] for layer, each in off.items()}
        with ablate(loaded.ffns, own, scope=scope) as intervention:
            intervention.aim(None, last_of(loaded, alone))
            torch.testing.assert_close(last_hidden(loaded, alone)[0], together[row], rtol=1e-3, atol=1e-4)


def last_of(loaded: LoadedModel, tokens: Tokens) -> dict[str, torch.Tensor]:
    if not loaded.encoder_decoder:
        return {"decoder": tokens.last}
    return {"encoder": tokens.last, "decoder": torch.zeros_like(tokens.last)}


@pytest.mark.parametrize("architecture", CONFIGS)
def test_switching_nothing_off_changes_no_bit(architecture: str) -> None:
    loaded = load_tiny(architecture)
    tokens = tokens_of(loaded)
    before = last_hidden(loaded, tokens)
    with ablate(loaded.ffns, sets(loaded, 12, share=0.0)):
        assert torch.equal(last_hidden(loaded, tokens), before)
    assert torch.equal(last_hidden(loaded, tokens), before)


def test_rows_say_which_input_takes_which_set() -> None:
    loaded = load_tiny("opt")  # flattens its tokens
    tokens, off = tokens_of(loaded), sets(loaded, 12)
    order = torch.tensor([3, 0, 11, 3])
    chosen = pad(loaded, [encode_batch(loaded, batch())[row] for row in order])
    with ablate(loaded.ffns, off) as intervention:
        whole = last_hidden(loaded, tokens)
        intervention.aim(order)
        some = last_hidden(loaded, chosen)
    torch.testing.assert_close(some, whole[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ["bloom", "opt", "llama"])
def test_the_scope_last_leaves_earlier_positions_alone(architecture: str) -> None:
    loaded = load_tiny(architecture)
    tokens, off = tokens_of(loaded), sets(loaded, 1, share=1.0)
    with torch.inference_mode():
        before = forward(loaded, tokens)
        with ablate(loaded.ffns, off, scope="last") as intervention:
            intervention.aim(None, last_of(loaded, tokens))
            after = forward(loaded, tokens)
    for row, last in enumerate(tokens.last.tolist()):
        assert torch.equal(before[row, :last], after[row, :last])
        assert not torch.allclose(before[row, last], after[row, last], atol=1e-2)


def test_hooks_go_even_when_the_forward_fails() -> None:
    loaded = load_tiny("bloom")
    tokens = tokens_of(loaded)
    with (
        pytest.raises(MeasureError, match=r"5 sets .* 12 inputs"),
        ablate(loaded.ffns, sets(loaded, 5)),
    ):
        last_hidden(loaded, tokens)
    assert not any(ffn.value._forward_pre_hooks for ffn in loaded.ffns)
