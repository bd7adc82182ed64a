"""Reading prompts from a later layer on gives the very same bits, and leaves the model as it was."""

import pytest
import torch

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.kv_cache import borrow_layers
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.partial_forward import find_shortcut
from neurontui.compute.models.prompts.tokenize import encode_batch, pad
from tests.compute.tiny import CONFIGS, batch, load_tiny

DECODERS = [each for each in CONFIGS if each not in ("mt5", "umt5", "t5")]


@pytest.mark.parametrize("architecture", DECODERS)
def test_resumed_prompts_equal_full_ones_to_the_bit(architecture: str) -> None:
    loaded = load_tiny(architecture)
    tokens = pad(loaded, encode_batch(loaded, batch()))
    generator = torch.Generator().manual_seed(3)
    off = {1: torch.rand(12, loaded.layers[1].n_neurons, generator=generator) < 0.4}
    shortcut = find_shortcut(loaded, 1)
    assert shortcut is not None
    calls: list[int] = []
    handle = loaded.ffns[0].act.register_forward_hook(lambda m, a, o: calls.append(1))
    with torch.inference_mode():
        with shortcut.recording():
            plain, before = Decoder(loaded).read(tokens, 4)
        with ablate(loaded.ffns, off) as intervention:
            decoder = Decoder(loaded, intervention)
            full, wanted = decoder.read(tokens, 4)
            n_full = len(calls)
            with shortcut.resuming():
                resumed, found = decoder.read(tokens, 4)
            assert len(calls) == n_full
            borrow_layers(resumed.cache, plain.cache, shortcut.first)
            assert torch.equal(found, wanted)
            assert not torch.equal(found, before)
            step = torch.full((12, 1), 9), torch.ones(12, 1, dtype=torch.long)
            assert torch.equal(decoder.extend(resumed, *step)[1], decoder.extend(full, *step)[1])
        assert torch.equal(Decoder(loaded).read(tokens, 4)[1], before)
    handle.remove()
    assert not any("forward" in vars(block) for block in shortcut.blocks)


def test_there_is_no_way_around_the_first_layer_or_into_two_stacks() -> None:
    assert find_shortcut(load_tiny("bloom"), 0) is None
    assert find_shortcut(load_tiny("mt5"), 3) is None


@pytest.mark.parametrize("architecture", DECODERS)
@pytest.mark.parametrize("alike", [True, False])
def test_the_last_token_read_anew_equals_the_whole_prompt(architecture: str, alike: bool) -> None:
    """With pads between and without; sliding windows only take prompts of one length, as the answers do."""
    loaded = load_tiny(architecture)
    encoded = encode_batch(loaded, batch())
    if alike:
        encoded = [encoded[0], encoded[0]]
    elif loaded.model.config.get_text_config().to_dict().get("sliding_window"):
        return  # prompts of different lengths never go together
    tokens = pad(loaded, encoded)
    generator = torch.Generator().manual_seed(5)
    off = {layer.layer: torch.rand(len(encoded), layer.n_neurons, generator=generator) < 0.4 for layer in loaded.layers}
    with torch.inference_mode():
        plain, _ = Decoder(loaded).read(tokens, 4)
        with ablate(loaded.ffns, off, scope="last") as intervention:
            decoder = Decoder(loaded, intervention)
            full, wanted = decoder.read(tokens, 4)
            for _ in range(2):  # the reading it starts from is left as it was
                anew, found = decoder.reread_last(plain, tokens)
                torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)
            ids = torch.full((len(encoded), 1), 9)
            step = ids, torch.ones_like(ids)
            torch.testing.assert_close(
                decoder.extend(anew, *step)[1], decoder.extend(full, *step)[1], rtol=1e-3, atol=1e-3
            )
