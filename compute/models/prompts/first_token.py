"""The first token that a model generates after each prompt, as part of what it reads (`--token first-generated`)."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.not_finite import require_finite
from neurontui.compute.models.passes.forward import forward_with_head, head_at
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, pad


def with_first_token(loaded: LoadedModel, encoded: Sequence[Encoded], token_budget: int) -> list[Encoded]:
    """The prompts with their most likely next token at the end of the prompt, or of what the decoder reads.

    Raises MeasureError for logits that are not finite.
    """
    token_of_row: dict[int, int] = {}

    def step(rows: Rows) -> None:
        logits = _next_logits(loaded, pad(loaded, [encoded[row] for row in rows]))
        require_finite(logits, loaded.name, loaded.dtype)
        token_of_row.update(zip(rows, logits.argmax(-1).tolist(), strict=True))

    lengths = [len(prompt) for prompt in encoded]
    run_halving(lengths, loaded.groups(lengths), token_budget, step)
    if loaded.encoder_decoder:
        return [replace(row, opening=(*row.opening, token_of_row[i])) for i, row in enumerate(encoded)]
    return [replace(row, ids=(*row.ids, token_of_row[i])) for i, row in enumerate(encoded)]


def _next_logits(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    """(B, V) float32."""
    with head_at(loaded.model, tokens.step if loaded.encoder_decoder else tokens.last):
        return forward_with_head(loaded, tokens)[:, -1].float()
