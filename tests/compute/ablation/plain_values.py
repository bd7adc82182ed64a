"""Interventions the slow, obvious way: one prompt at a time, no padding, no cache, hooks on modules named by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode

T5 = (
    "encoder.block.{}.layer.1.DenseReluDense.wo",
    "decoder.block.{}.layer.2.DenseReluDense.wo",
)
WRITERS = {
    "bloom": ("transformer.h.{}.mlp.dense_4h_to_h",),
    "gpt2": ("transformer.h.{}.mlp.c_proj",),
    "opt": ("model.decoder.layers.{}.fc2",),
    "llama": ("model.layers.{}.mlp.down_proj",),
    "gemma3_text": ("model.layers.{}.mlp.down_proj",),
    "phi3": ("model.layers.{}.mlp.down_proj",),
    "mt5": T5,
    "t5": T5,
}
"""The value matrices of two layers a stack."""
Change = Callable[[int, Tensor], Tensor]
"""(layer, weights (T, d)) -> new weights."""


def writers(loaded: LoadedModel, architecture: str) -> list[Any]:
    """The value matrices, in the order of the layers."""
    return [loaded.model.get_submodule(path.format(i)) for path in WRITERS[architecture] for i in range(2)]


@contextmanager
def changed(loaded: LoadedModel, architecture: str, change: Change) -> Iterator[None]:
    """Context in which every value matrix gets other weights; for one prompt at a time."""

    def hook_of(layer: int) -> Any:
        def hook(_module: Any, args: tuple[Tensor]) -> tuple[Tensor]:
            flat = args[0].reshape(-1, args[0].shape[-1])
            return (change(layer, flat.clone()).view(args[0].shape),)

        return hook

    handles = [
        module.register_forward_pre_hook(hook_of(layer))
        for layer, module in enumerate(writers(loaded, architecture))
    ]  # fmt: skip
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def weights_of(loaded: LoadedModel, architecture: str, prompt: str) -> list[Tensor]:
    """Per layer (T, d): the inputs of the value matrices at every token of one prompt."""
    seen: dict[int, Tensor] = {}

    def keep(layer: int, weights: Tensor) -> Tensor:
        seen[layer] = weights.clone()
        return weights

    ids = torch.tensor([encode(loaded, [prompt])[0].ids])
    start = {"decoder_input_ids": torch.tensor([loaded.opening])} if loaded.encoder_decoder else {}
    with torch.no_grad(), changed(loaded, architecture, keep):
        loaded.model(input_ids=ids, use_cache=False, **start)
    return [seen[layer] for layer in range(len(seen))]
