"""Read the weights of whole prompts, which then replace those of other prompts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.compute.models.passes.replacements import FromPrompts
from neurontui.compute.models.passes.weights import ends, run_watched
from neurontui.compute.models.prompts.tokenize import Encoded, pad
from neurontui.store.errors import MeasureError


def read_weights(
    loaded: LoadedModel, encoded: Sequence[Encoded], layers: Sequence[int], budget: int, *, last_only: bool
) -> FromPrompts:
    """Weights of R prompts in some layers, at all tokens or only at the last one; MeasureError if not finite."""
    ffns = [ffn for ffn in loaded.ffns if ffn.layer.layer in set(layers)]
    length = max(map(len, encoded))
    lengths = {"encoder": length, "decoder": len(encoded[0].opening) if loaded.encoder_decoder else length}
    kept = _Kept(len(encoded), dict.fromkeys(lengths, 1) if last_only else lengths)
    last = {ffn.layer.stack: torch.zeros(len(encoded), dtype=torch.long) for ffn in ffns}
    sizes = [len(prompt) for prompt in encoded]
    for rows in by_length(range(len(encoded)), sizes, loaded.groups(sizes), budget):
        tokens = pad(loaded, [encoded[row] for row in rows])
        end = ends(loaded, tokens)

        def take(ffn: FFN, weights: Tensor, rows: Sequence[int] = rows, end: Mapping[str, Tensor] = end) -> None:
            kept.keep(ffn, _at(weights, end[ffn.layer.stack]) if last_only else weights, rows)

        run_watched(loaded, ffns, tokens, take)
        for stack, of_stack in last.items():
            of_stack[list(rows)] = 0 if last_only else end[stack].cpu()
    return FromPrompts(kept.weights, last)


@dataclass
class _Kept:
    """Weights of R prompts, pass by pass."""

    n_rows: int
    lengths: Mapping[str, int]
    weights: dict[int, Tensor] = field(default_factory=dict)
    """Per layer (R, T, d_m)."""

    def keep(self, ffn: FFN, weights: Tensor, rows: Sequence[int]) -> None:
        """weights: (B, T, d_m) of some rows, with at most as many tokens."""
        layer = ffn.layer
        if not bool(weights.sum(dtype=torch.float64).isfinite()):
            raise MeasureError(
                f"Weights of layer {layer.layer} that would replace those of other prompts are not finite; use "
                "another --dtype."
            )
        if layer.layer not in self.weights:
            self.weights[layer.layer] = weights.new_zeros(self.n_rows, self.lengths[layer.stack], weights.shape[-1])
        self.weights[layer.layer][list(rows), : weights.shape[1]] = weights


def _at(weights: Tensor, position: Tensor) -> Tensor:
    """(B, 1, d_m) at one position of each row."""
    rows = torch.arange(len(weights), device=weights.device)
    return weights[rows, position.to(weights.device)][:, None]
