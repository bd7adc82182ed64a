"""Watch w, the weights of the value vectors, at all positions of prompts. For FFNs without experts.

The weight of a neuron is the input of the value matrix, whatever `--activation` is.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.prompts.tokenize import Tokens

Take = Callable[[FFN, Tensor], None]


def run_watched(loaded: LoadedModel, ffns: Sequence[FFN], tokens: Tokens, take: Take) -> None:
    """One forward pass over B prompts; `take` gets the weights (B, T, d_m) of each of the FFNs while it runs."""
    with _watched(ffns, len(tokens.ids), take):
        forward(loaded, tokens)


def ends(loaded: LoadedModel, tokens: Tokens) -> dict[str, Tensor]:
    """Per stack (B,) index of the last prompt token; in a decoder behind an encoder, the step of the answer."""
    if not loaded.encoder_decoder:
        return {"decoder": tokens.last}
    return {"encoder": tokens.last, "decoder": tokens.step}


@contextmanager
def _watched(ffns: Sequence[FFN], n_inputs: int, take: Take) -> Iterator[None]:
    def hook_of(ffn: FFN) -> Any:
        return lambda _module, args: take(ffn, args[0].reshape(n_inputs, -1, args[0].shape[-1]))

    handles = [ffn.value.register_forward_pre_hook(hook_of(ffn)) for ffn in ffns]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
