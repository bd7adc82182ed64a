"""A prompt as the tokens that the model reads, for the preview of a run."""

from collections.abc import Sequence

from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode_prompts, token_text

SHOWN = 40
"""Most tokens of a prompt that are shown; of a longer prompt, half from its beginning and half from its end."""


def token_lines(loaded: LoadedModel, batch: Batch, *, before_eos: bool = False) -> list[str]:
    """One line per prompt: number of tokens, then id and text of each, `→` before the token of measurement.

    If the decoder of an encoder-decoder reads more than its start token before the answer, these tokens follow.

    before_eos: an encoder is measured before its closing tokens (`--encoder-token before-eos`).
    """
    lines = []
    for encoded in encode_prompts(loaded, batch):
        pieces = _pieces(loaded, encoded.ids, encoded.measured(before_eos=before_eos))
        line = f"{len(pieces)} tokens: {_shortened(pieces)}"
        if len(encoded.opening) > 1 or loaded.language_codes is not None:
            line += f"  | decoder: {'  '.join(_pieces(loaded, encoded.opening, len(encoded.opening) - 1))}"
        lines.append(line)
    return lines


def _pieces(loaded: LoadedModel, ids: Sequence[int], measured: int) -> list[str]:
    return [
        f"{'→ ' if index == measured else ''}{token} {token_text(loaded.tokenizer, token)!r}"
        for index, token in enumerate(ids)
    ]


def _shortened(pieces: list[str]) -> str:
    left_out = len(pieces) - SHOWN
    if left_out > 0:
        half = SHOWN // 2
        pieces = [*pieces[:half], f"… {left_out:,} more …", *pieces[-half:]]
    return "  ".join(pieces)
