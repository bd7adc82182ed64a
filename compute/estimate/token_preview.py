"""A prompt as the tokens that the model reads, for the preview of a run."""

from collections.abc import Sequence

from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.tokenize import encode, token_of_measurement, token_text

SHOWN = 40
"""Most tokens of a prompt that are shown; of a longer prompt, half from its beginning and half from its end."""


def token_lines(loaded: LoadedModel, prompts: Sequence[str], *, before_eos: bool = False) -> list[str]:
    """One line per prompt: number of tokens, then id and text of each, `→` before the token of measurement.

    before_eos: an encoder is measured before its closing tokens (`--encoder-token before-eos`).
    """
    lines = []
    for encoded in encode(loaded, prompts):
        measured = token_of_measurement(loaded, encoded, before_eos=before_eos)
        pieces = [
            f"{'→ ' if index == measured else ''}{token} {token_text(loaded.tokenizer, token)!r}"
            for index, token in enumerate(encoded.ids)
        ]
        lines.append(f"{len(pieces)} tokens: {_shortened(pieces)}")
    return lines


def _shortened(pieces: list[str]) -> str:
    left_out = len(pieces) - SHOWN
    if left_out > 0:
        half = SHOWN // 2
        pieces = [*pieces[:half], f"… {left_out:,} more …", *pieces[-half:]]
    return "  ".join(pieces)
