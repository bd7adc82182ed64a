"""Activations read independently of `capture`: one prompt at a time, no padding, plain hooks, NumPy out."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Single:
    """One prompt: per layer A (d_m,), the input of the value matrix (d_m,) and the FFN's output (H,)."""

    activations: list[Array]
    weights: list[Array]
    outputs: list[Array]
    hidden: Array
    """(H,) what the LM head reads."""


def read(loaded: LoadedModel, prompt: str) -> Single:
    """Run one prompt and read every FFN at its last token (the decoder at its first step)."""
    seen: list[dict[str, Array]] = [{} for _ in loaded.ffns]
    last: dict[str, Array] = {}

    handles = []
    for ffn, found in zip(loaded.ffns, seen, strict=True):
        handles += [
            ffn.act.register_forward_hook(partial(_keep_output, found, "act")),
            ffn.value.register_forward_hook(partial(_keep_input, found, "in")),
            ffn.value.register_forward_hook(partial(_keep_output, found, "out")),
        ]
    head = loaded.model.get_output_embeddings()
    handles.append(head.register_forward_pre_hook(lambda m, a: last.update(h=_last(a[0]))))
    ids = torch.tensor([encode(loaded, [prompt])[0].ids])
    start = {"decoder_input_ids": torch.tensor([loaded.opening])} if loaded.encoder_decoder else {}
    with torch.inference_mode():
        loaded.model(input_ids=ids, use_cache=False, **start)
    for handle in handles:
        handle.remove()
    return Single(
        [each["act"] for each in seen],
        [each["in"] for each in seen],
        [each["out"] for each in seen],
        last["h"],
    )


def _keep_output(found: dict[str, Array], name: str, _module, _args, output) -> None:
    found[name] = _last(output)


def _keep_input(found: dict[str, Array], name: str, _module, args, _output) -> None:
    found[name] = _last(args[0])


def _last(value: torch.Tensor) -> Array:
    return value.reshape(-1, value.shape[-1])[-1].double().numpy().copy()
