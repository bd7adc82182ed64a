"""Short forward passes over made-up prompts, on which `self_check` judges a model.

The prompts are padded, run and recorded exactly like those of a run, alone and in one batch.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN, Where
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.hooks import Buffers, Recorder
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, pad
from neurontui.store.errors import MeasureError

T = TypeVar("T")
LENGTHS = (5, 10, 10)
"""Tokens of the prompts. 5 and 10 share a batch; their sum is odd, so without pads its tokens are not two rows."""


@dataclass(frozen=True)
class Reading:
    """One layer at the token of measurement of one pass of B prompts."""

    activations: Tensor
    """(B, d_m)."""
    weights: Tensor
    """(B, d_m), as recorded for scores."""
    output: Tensor
    """(B, H): what the FFN wrote."""

    def row(self, row: int) -> "Reading":
        """The reading of one prompt, B = 1."""
        at = slice(row, row + 1)
        return Reading(self.activations[at], self.weights[at], self.output[at])


def probe_prompts(loaded: LoadedModel) -> list[Encoded]:
    """Prompts of LENGTHS tokens, spread evenly over the vocabulary without special tokens."""
    excluded = _special(loaded)
    ids = [token for token in range(min(loaded.n_embeddings, len(loaded.tokenizer))) if token not in excluded]
    ids = ids or list(range(loaded.n_embeddings))
    total = sum(LENGTHS)
    chosen = iter([ids[(2 * i + 1) * len(ids) // (2 * total)] for i in range(total)])
    opening = _opening(loaded)
    return [Encoded(tuple(itertools.islice(chosen, length)), 0, opening) for length in LENGTHS]


def _opening(loaded: LoadedModel) -> tuple[int, ...]:
    """What the decoder of an encoder-decoder reads before the answer, in any language of a translation model."""
    codes = loaded.language_codes
    return loaded.opening if codes is None else (*loaded.opening, next(iter(codes.ids.values())))


def _special(loaded: LoadedModel) -> set[int]:
    """Ids with a meaning of their own: of the tokenizer, and of the configuration, such as that of an image."""
    named = _named_tokens(loaded.model.config.to_dict())
    return {*loaded.tokenizer.all_special_ids, *getattr(loaded.tokenizer, "added_tokens_decoder", {}), *named}


def _named_tokens(config: Mapping[Any, Any]) -> Iterator[int]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _named_tokens(value)
        elif str(name).endswith(("token_id", "token_index")):
            yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, int))


def read_pass(loaded: LoadedModel, prompts: list[Encoded], filler: int | None = None) -> list[Reading]:
    """Every layer in one forward pass over prompts; raises MeasureError unless each FFN ran exactly once.

    filler: id of pads, instead of the one that `pad` chooses.
    """
    tokens = pad(loaded, prompts)
    if filler is not None:
        tokens = replace(tokens, ids=tokens.ids.masked_fill(tokens.mask == 0, filler))
    where = _where(loaded, tokens)
    recorder = Recorder(loaded.ffns, len(prompts), threshold=0.0, product=False, any_token=False)

    def at_token(ffn: FFN, output: Tensor) -> Tensor:
        rows, token = (index.to(output.device) for index in (where[ffn.layer.stack].rows, where[ffn.layer.stack].token))
        return output.reshape(len(rows), -1, output.shape[-1])[rows, token]

    with recorder.hooks(), _outputs(loaded.ffns, at_token) as outputs, recorder.pass_(where):
        forward(loaded, tokens)
    return [_reading(*layer) for layer in zip(loaded.ffns, recorder.buffers, outputs, strict=True)]


def written_without_neurons(loaded: LoadedModel, prompts: list[Encoded]) -> list[float]:
    """Per layer the largest number that its FFN writes beside its bias in a pass with all neurons ablated."""
    tokens = pad(loaded, prompts)
    off = {
        ffn.layer.layer: torch.ones(len(prompts), ffn.layer.n_neurons, dtype=torch.bool, device=loaded.device)
        for ffn in loaded.ffns
    }

    def beside_bias(ffn: FFN, output: Tensor) -> float:
        bias = ffn.value_bias()
        rest = output.float() - (0 if bias is None else bias.to(output.device))
        return float(rest.nan_to_num(math.inf).abs().max())

    with _outputs(loaded.ffns, beside_bias) as outputs, ablate(loaded.ffns, off) as intervention:
        intervention.aim(torch.arange(len(prompts), device=loaded.device))
        forward(loaded, tokens)
    return [max(of_layer) for of_layer in outputs]


@contextmanager
def _outputs(ffns: tuple[FFN, ...], take: Callable[[FFN, Tensor], T]) -> Iterator[list[list[T]]]:
    """Context in which `take` is applied to every output of each FFN.

    At once, because some architectures (Falcon) add other numbers to an output in place.
    """
    taken: list[list[T]] = [[] for _ in ffns]

    def hook_of(index: int) -> Any:
        def hook(_module: nn.Module, _args: Any, output: Any) -> None:
            taken[index].append(take(ffns[index], output[0] if isinstance(output, tuple) else output))

        return hook

    with ExitStack() as stack:
        for index, ffn in enumerate(ffns):
            stack.callback(ffn.writer.register_forward_hook(hook_of(index)).remove)
        yield taken


def _where(loaded: LoadedModel, tokens: Tokens) -> dict[str, Where]:
    rows = torch.arange(len(tokens.ids), device=tokens.ids.device)
    prompt = Where(rows, tokens.last, None)
    return {"encoder": prompt, "decoder": Where(rows, tokens.step, None) if loaded.encoder_decoder else prompt}


def _reading(ffn: FFN, buffers: Buffers, outputs: list[Tensor]) -> Reading:
    weights = buffers.weights if ffn.gated else buffers.activations
    if len(outputs) != 1 or buffers.activations is None or weights is None:
        raise MeasureError(
            f"The value matrix of layer {ffn.layer.layer} ran {len(outputs)} times in one forward pass instead of once."
        )
    return Reading(buffers.activations, weights, outputs[0])
