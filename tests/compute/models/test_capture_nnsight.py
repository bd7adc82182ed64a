"""Masks of the architectures the paper and its users need most, against nnsight's activations."""

import nnsight
import pytest
import torch
from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from tests.compute.models.reference import T5_DECODER, T5_ENCODER, ids_of
from tests.compute.tiny import batch, load_tiny

ACTS = {
    "bloom": ("transformer.h.{}.mlp.gelu_impl",),
    "llama": ("model.layers.{}.mlp.act_fn",),
    "xglm": ("model.layers.{}.activation_fn",),
    "mt5": (T5_ENCODER + "act", T5_DECODER + "act"),
    "gpt2": ("transformer.h.{}.mlp.act",),
    "opt": ("model.decoder.layers.{}.activation_fn",),
    "qwen3": ("model.layers.{}.mlp.act_fn",),
    "gemma3_text": ("model.layers.{}.mlp.act_fn",),
}


def by_nnsight(
    loaded: LoadedModel, architecture: str, prompt: str, n_layers: int = 2, wrapped: nnsight.NNsight | None = None
) -> list[Tensor]:
    """(d_m,) a layer, at the last token of one prompt. wrapped: the model, to wrap it once for many prompts."""
    ids = ids_of(loaded.tokenizer, prompt, ends=loaded.encoder_decoder)
    inputs = {"input_ids": torch.tensor([ids])}
    if loaded.encoder_decoder:
        start = loaded.model.config.decoder_start_token_id
        inputs["decoder_input_ids"] = torch.tensor([[start]])
    paths = [act.format(i) for act in ACTS[architecture] for i in range(n_layers)]
    wrapped = wrapped or nnsight.NNsight(loaded.model)
    with torch.no_grad(), wrapped.trace(**inputs):
        seen = nnsight.save([wrapped.get(path).output for path in paths])
    return [each.reshape(-1, each.shape[-1])[-1] for each in seen]


@pytest.mark.parametrize("architecture", ACTS)
def test_masks_equal_nnsight(architecture: str) -> None:
    # A model of its own: nnsight leaves modules wrapped, and others share the cached one.
    loaded = load_tiny.__wrapped__(architecture)
    captured = capture(loaded, batch(), CaptureOptions(token_budget=1000))
    seen = [by_nnsight(loaded, architecture, prompt) for prompt in batch().prompts]
    for index in range(len(loaded.layers)):
        theirs = torch.stack([each[index] for each in seen])
        ours = captured.activations[index].flatten(0, 1)
        assert torch.equal(ours > 0, theirs > 0)
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
