"""The first token that a model generates after each prompt, as part of what it reads (`--token first-generated`)."""

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.not_finite import require_finite
from neurontui.compute.models.passes.forward import head_at
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, pad


def with_first_token(loaded: LoadedModel, encoded: Sequence[Encoded], token_budget: int) -> list[Encoded]:
    """The prompts with their most likely next token at the end of the prompt, or of what the decoder reads.

    Raises MeasureError for logits that are not finite.
    """
    token_of_row: dict[int, int] = {}

    def step(rows: Rows) -> None:
        logits = next_logits(loaded, pad(loaded, [encoded[row] for row in rows]))
        require_finite(logits, loaded.name, loaded.dtype)
        token_of_row.update(zip(rows, logits.argmax(-1).tolist(), strict=True))

    lengths = [len(prompt) for prompt in encoded]
    run_halving(lengths, loaded.groups(lengths), token_budget, step)
    if loaded.encoder_decoder:
        return [replace(row, opening=(*row.opening, token_of_row[i])) for i, row in enumerate(encoded)]
    return [replace(row, ids=(*row.ids, token_of_row[i])) for i, row in enumerate(encoded)]


def next_logits(loaded: LoadedModel, tokens: Tokens) -> Tensor:
    """Logits of the token after each prompt, (B, V) float32."""
    inputs = {"input_ids": tokens.ids, "attention_mask": tokens.mask, "use_cache": False}
    if loaded.encoder_decoder:
        inputs["decoder_input_ids"] = tokens.opening
    with head_at(loaded.model, tokens.step if loaded.encoder_decoder else tokens.last):
        logits: Tensor = loaded.model(**inputs).logits
    return logits[:, -1].float()
