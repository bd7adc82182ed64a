"""How likely the model finds the answer and the choices behind its prompts, all going on from one KV cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.decoder import Decoder, Reading, padded

LOGITS_AT_ONCE = 1 << 27
"""Most logits held at a time, 0.5 GB in float32."""

Pair = tuple[int, Ids]
"""A row and the tokens of a candidate for it."""


@dataclass(frozen=True)
class ChoiceRanking:
    """What is to be ranked for one prompt, as tokens."""

    answer: Ids
    right: tuple[Ids, ...] = ()
    """Choices that are the answer; none where there are no choices or none of them is."""
    wrong: tuple[Ids, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """The answer's log-probability, and whether a right choice is the likeliest; None without a right choice."""

    answer_logprob: float
    correct: bool | None


def rank(
    decoder: Decoder,
    reading: Reading,
    logits: Tensor,
    contests: Sequence[ChoiceRanking | None],
    *,
    mean: bool = False,
) -> list[Ranked | None]:
    """Rank the choices of each of the R rows; the cache of `reading` stays as it is.

    A text is at most as likely as its first token, so a wrong choice is only scored to its end where its first token
    is likelier than the whole of a right one. mean: compare log-probabilities a token.
    """

    def fair(pair: Pair, score: float) -> float:
        return score / max(len(pair[1]), 1) if mean else score

    asked = [(row, each) for row, each in enumerate(contests) if each is not None]
    needed = [(row, ids) for row, each in asked for ids in (each.answer, *each.right)]
    scores = log_probabilities(decoder, reading, logits, needed)
    best = {row: max(fair((row, ids), scores[row, ids]) for ids in each.right) for row, each in asked if each.right}
    wrong = [(row, ids) for row, each in asked if row in best for ids in each.wrong]
    bounds = _first_scores(logits, list(dict.fromkeys(wrong)))
    rivals = [pair for pair, bound in bounds.items() if fair(pair, bound) > best[pair[0]]]
    beaten = {
        pair[0]
        for pair, score in log_probabilities(decoder, reading, logits, rivals).items()
        if fair(pair, score) > best[pair[0]]
    }
    return [
        None if each is None else Ranked(scores[row, each.answer], row not in beaten if row in best else None)
        for row, each in enumerate(contests)
    ]


def log_probabilities(decoder: Decoder, reading: Reading, logits: Tensor, pairs: Sequence[Pair]) -> dict[Pair, float]:
    """Log-probability of each candidate, natural logarithm, summed over its tokens; 0 for no tokens at all.

    A candidate's first token is read off the prompt's own logits (R, V); only the tokens before its last are fed.
    """
    scores = _first_scores(logits, list(dict.fromkeys(pairs)))
    longer = [pair for pair in scores if len(pair[1]) > 1]
    for chunk in _chunks(longer, len(logits), logits.shape[-1]):
        for pair, score in zip(chunk, _rest_scores(decoder, reading, chunk), strict=True):
            scores[pair] += score
    return scores


def _first_scores(logits: Tensor, pairs: Sequence[Pair]) -> dict[Pair, float]:
    spoken = [pair for pair in pairs if pair[1]]
    rows = torch.tensor([row for row, _ in spoken], dtype=torch.long, device=logits.device)
    tokens = torch.tensor([ids[0] for _, ids in spoken], dtype=torch.long, device=logits.device)
    found = logits[rows, tokens] - logits.logsumexp(-1)[rows]
    return dict.fromkeys(pairs, 0.0) | dict(zip(spoken, found.tolist(), strict=True))


def _rest_scores(decoder: Decoder, reading: Reading, pairs: Sequence[Pair]) -> list[float]:
    """Log-probability of all tokens but the first."""
    device = reading.mask.device
    rows = torch.tensor([row for row, _ in pairs], device=device)
    ids, mask = padded([ids[:-1] for _, ids in pairs], device)
    following, _ = padded([ids[1:] for _, ids in pairs], device)
    _, logits = decoder.extend(reading.select(rows), ids, mask)
    spoken = logits.gather(-1, following[..., None])[..., 0] - logits.logsumexp(-1)
    scores: list[float] = (spoken.double() * mask).sum(-1).tolist()
    return scores


def _chunks(pairs: Sequence[Pair], n_rows: int, n_words: int) -> list[list[Pair]]:
    """Pairs of one length together, few enough for their logits and for a second cache beside that of the prompts."""
    found: list[list[Pair]] = []
    for length, group in groupby(sorted(pairs, key=_length), key=_length):
        alike = list(group)
        size = max(1, min(n_rows, LOGITS_AT_ONCE // (n_words * length)))
        found += [alike[start : start + size] for start in range(0, len(alike), size)]
    return found


def _length(pair: Pair) -> int:
    return len(pair[1])
