"""Log-probabilities of the answer and the choices after the prompts, all computed from one KV cache."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor

from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.beginnings import Beginnings
from neurontui.compute.answers.decoder import Decoder, Reading, padded

LOGITS_AT_ONCE = 1 << 27
"""Most logits in memory at the same time, 0.5 GB in float32."""

Pair = tuple[int, Ids]
"""A row and the tokens of a candidate for it."""


@dataclass(frozen=True)
class ChoiceRanking:
    """Candidates to rank for one prompt, as tokens."""

    answer: Ids
    right: tuple[Ids, ...] = ()
    """Choices that equal the answer; empty without choices, or if none does."""
    wrong: tuple[Ids, ...] = ()


@dataclass(frozen=True)
class Ranked:
    """The answer's log-probability, and whether a right choice is the most likely; None without a right choice."""

    answer_logprob: float
    correct: bool | None


def rank(
    decoder: Decoder,
    reading: Reading,
    logits: Tensor,
    rankings: Sequence[ChoiceRanking | None],
    beginnings: Beginnings | None = None,
) -> list[Ranked | None]:
    """Rank the choices of each of the R rows; the cache of `reading` is not modified.

    A text is at most as likely as its first token, so a wrong choice is scored in full only if its first token is more
    likely than a whole right choice. beginnings: if given, it also sees every choice that greedy decoding can begin.
    """
    asked = [(row, ranking) for row, ranking in enumerate(rankings) if ranking is not None]
    needed = [(row, ids) for row, ranking in asked for ids in (ranking.answer, *ranking.right)]
    if beginnings is not None:
        needed += [pair for row, ranking in asked for ids in ranking.wrong if beginnings.has_first(pair := (row, ids))]
    scores = log_probabilities(decoder, reading, logits, needed, beginnings)
    best = {row: max(scores[row, ids] for ids in ranking.right) for row, ranking in asked if ranking.right}
    wrong = [(row, ids) for row, ranking in asked if row in best for ids in ranking.wrong]
    bounds = _first_scores(logits, list(dict.fromkeys(wrong)))
    rivals = [pair for pair, bound in bounds.items() if bound > best[pair[0]]]
    beaten = {
        pair[0] for pair, score in log_probabilities(decoder, reading, logits, rivals).items() if score > best[pair[0]]
    }
    return [
        None if ranking is None else Ranked(scores[row, ranking.answer], row not in beaten if row in best else None)
        for row, ranking in enumerate(rankings)
    ]


def log_probabilities(
    decoder: Decoder,
    reading: Reading,
    logits: Tensor,
    pairs: Sequence[Pair],
    beginnings: Beginnings | None = None,
) -> dict[Pair, float]:
    """Log-probability of each candidate, natural logarithm, summed over its tokens; 0 for no tokens.

    A candidate's first token is scored by the logits (R, V) of the prompt; only the tokens before its last are fed.
    beginnings: if given, a candidate that greedy decoding can begin is fed to its end, and `beginnings` sees it.
    """
    scores = _first_scores(logits, list(dict.fromkeys(pairs)))
    fed = {pair: pair[1] if beginnings and beginnings.has_first(pair) else pair[1][:-1] for pair in scores}
    fed = {pair: ids for pair, ids in fed.items() if ids}
    for chunk in _chunks(fed, len(logits), logits.shape[-1]):
        rest, likeliest = _rest_scores(decoder, reading, chunk)
        for pair, score, following in zip(chunk, rest, likeliest, strict=True):
            scores[pair] += score
            if beginnings is not None:
                beginnings.see(pair, following)
    return scores


def _first_scores(logits: Tensor, pairs: Sequence[Pair]) -> dict[Pair, float]:
    spoken = [pair for pair in pairs if pair[1]]
    rows = torch.tensor([row for row, _ in spoken], dtype=torch.long, device=logits.device)
    tokens = torch.tensor([ids[0] for _, ids in spoken], dtype=torch.long, device=logits.device)
    scores = logits[rows, tokens] - logits.logsumexp(-1)[rows]
    return dict.fromkeys(pairs, 0.0) | dict(zip(spoken, scores.tolist(), strict=True))


def _rest_scores(decoder: Decoder, reading: Reading, fed: Mapping[Pair, Ids]) -> tuple[list[float], list[list[int]]]:
    """Log-probability of all tokens except the first, and the most likely token after each fed one."""
    device = reading.mask.device
    rows = torch.tensor([row for row, _ in fed], device=device)
    ids, mask = padded(list(fed.values()), device)
    following, scored = padded([(*text, 0)[1 : len(ids) + 1] for (_, text), ids in fed.items()], device)
    scored = scored * (torch.arange(ids.shape[1], device=device) < _lengths(fed, device)[:, None])
    _, logits = decoder.extend(reading.select(rows), ids, mask)
    spoken = logits.gather(-1, following[..., None])[..., 0] - logits.logsumexp(-1)
    scores: list[float] = (spoken.double() * scored).sum(-1).tolist()
    return scores, logits.argmax(-1).tolist()


def _lengths(pairs: Iterable[Pair], device: torch.device) -> Tensor:
    """(R,): tokens of each candidate after its first."""
    return torch.tensor([len(ids) - 1 for _, ids in pairs], device=device)


def _chunks(fed: Mapping[Pair, Ids], n_rows: int, n_words: int) -> list[dict[Pair, Ids]]:
    """Texts of equal length, few enough for their logits and for a second cache in addition to that of the prompts."""
    chunks: list[dict[Pair, Ids]] = []
    for length, group in groupby(sorted(fed, key=lambda pair: len(fed[pair])), key=lambda pair: len(fed[pair])):
        alike = list(group)
        size = max(1, min(n_rows, LOGITS_AT_ONCE // (n_words * length)))
        chunks += [{pair: fed[pair] for pair in alike[i : i + size]} for i in range(0, len(alike), size)]
    return chunks
