"""Read prompts and continue them: the next tokens, a greedy answer, and one neuron at every token."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import ending, greedy
from neurontui.compute.answers.predict import Prepared, padded_prompts, passes
from neurontui.compute.live.heat import Heat, watching
from neurontui.compute.live.messages import NextToken, Outcome
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import Intervention
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, token_text

NEXT_TOKENS = 10
"""Candidates for the next token that are returned."""
BUDGET = 4096
"""Tokens of one forward pass."""


@dataclass(frozen=True)
class Watched:
    """A neuron whose activation is wanted at every token."""

    ffn: FFN
    neuron: int
    product: bool


@dataclass(frozen=True)
class Continued:
    """One prompt, read and continued."""

    outcome: Outcome | None
    heat: tuple[float, ...]


def prepared(loaded: LoadedModel, encoded: list[Encoded], n_tokens: int) -> Prepared:
    """Tokenized prompts for several passes."""
    groups = loaded.groups([len(prompt) for prompt in encoded])
    return Prepared(tuple(encoded), (), ending(loaded.model, loaded.tokenizer), n_tokens, tuple(groups))


def continue_prompts(
    loaded: LoadedModel, prompts: Prepared, intervention: Intervention | None = None, watched: Watched | None = None
) -> list[Continued]:
    """Outcome and heat of each prompt. Raises MeasureError if one does not fit into memory."""
    of_row: dict[int, Continued] = {}

    def step(rows: Rows) -> None:
        for part in passes(loaded, prompts, rows):
            tokens = padded_prompts(loaded, prompts, part)
            with _watching(watched) as heat:
                outcomes = _outcomes(loaded, prompts, tokens, intervention)
            lengths = [len(prompts.encoded[row]) for row in part]
            heats = _heats(loaded, watched, heat, lengths)
            of_row.update(zip(part, map(Continued, outcomes, heats), strict=True))

    run_halving(prompts.costs, prompts.groups, BUDGET, step)
    return [of_row[row] for row in range(len(prompts.encoded))]


@contextmanager
def _watching(watched: Watched | None) -> Iterator[Heat | None]:
    if watched is None:
        yield None
        return
    with watching(watched.ffn, watched.neuron, product=watched.product) as heat:
        yield heat


def _heats(
    loaded: LoadedModel, watched: Watched | None, heat: Heat | None, lengths: list[int]
) -> list[tuple[float, ...]]:
    """A at each token of each prompt; the decoder of an encoder-decoder reads no token of the prompt."""
    if watched is None or heat is None or (loaded.encoder_decoder and watched.ffn.layer.stack == "decoder"):
        return [()] * len(lengths)
    return [heat.of(row, len(lengths), length) for row, length in enumerate(lengths)]


def _outcomes(
    loaded: LoadedModel, prompts: Prepared, tokens: Tokens, intervention: Intervention | None
) -> list[Outcome | None]:
    if loaded.encoder_only:
        forward(loaded, tokens)
        return [None] * len(tokens.ids)
    decoder = Decoder(loaded, intervention)
    reading, logits = decoder.read(tokens, prompts.room)
    following = [_next_tokens(loaded, row) for row in logits]
    generated = greedy(decoder, reading, logits, prompts.ending, prompts.room)
    return [
        Outcome(prompts.ending.text(answer), candidates)
        for answer, candidates in zip(generated, following, strict=True)
    ]


def _next_tokens(loaded: LoadedModel, logits: Tensor) -> tuple[NextToken, ...]:
    """logits: (V,)."""
    probabilities, tokens = torch.softmax(logits, -1).topk(min(NEXT_TOKENS, len(logits)))
    return tuple(
        NextToken(token_text(loaded.tokenizer, token), probability)
        for token, probability in zip(tokens.tolist(), probabilities.tolist(), strict=True)
    )
