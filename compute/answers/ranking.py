"""Log-probabilities of the answer and its rank among candidates after the prompts, all computed from one KV cache."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

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
    """Spellings of the answer among the candidates; empty if it is not one of them."""
    wrong: tuple[tuple[Ids, ...], ...] = ()
    """The other candidates, each with its spellings."""
    by_first: bool = False
    """Whether candidates are compared by their first tokens, and as a whole only if they share the answer's."""

    @property
    def texts(self) -> tuple[Ids, ...]:
        """The answer and all candidates, with every spelling."""
        return (self.answer, *self.right, *chain(*self.wrong))


@dataclass(frozen=True)
class Ranked:
    """The answer's log-probability and its rank among n candidates; both are None if it is not a candidate."""

    answer_logprob: float
    rank: int | None = None
    """1 + number of candidates ahead of the answer. A candidate is as likely as its most likely spelling."""
    n_candidates: int | None = None

    @property
    def correct(self) -> bool | None:
        """Whether no candidate is ahead of the answer."""
        return None if self.rank is None else self.rank == 1


def rank(
    decoder: Decoder,
    reading: Reading,
    logits: Tensor,
    rankings: Sequence[ChoiceRanking | None],
    beginnings: Beginnings | None = None,
) -> list[Ranked | None]:
    """Rank the answer of each of the R rows among its candidates; the cache of `reading` is not modified.

    Candidates that are equally likely, or that have the same tokens as the answer, do not lower its rank.
    beginnings: if given, it also sees every candidate that greedy decoding can begin.
    """
    asked = [(row, ranking) for row, ranking in enumerate(rankings) if ranking is not None]
    needed = [(row, ids) for row, ranking in asked for ids in (ranking.answer, *ranking.right)]
    if beginnings is not None:
        wrong = ((row, ids) for row, ranking in asked for ids in chain(*ranking.wrong))
        needed += [pair for pair in wrong if beginnings.has_first(pair)]
    first = first_scores(logits, [(row, ids) for row, ranking in asked for ids in ranking.texts])
    scores = _whole_scores(decoder, reading, logits, needed, first, beginnings)
    own = {row: _likeliest(row, ranking, first, scores) for row, ranking in asked if ranking.right}
    ahead, rivals = _by_first(asked, own, first)
    best = {row: scores[row, ids] for row, ids in own.items()}
    ahead |= more_likely(decoder, reading, logits, {pair: first[pair] for pair in rivals}, best)
    ranked: list[Ranked | None] = [None] * len(rankings)
    for row, ranking in asked:
        ranked[row] = Ranked(scores[row, ranking.answer])
        if row in own:
            n_ahead = sum(any((row, ids) in ahead for ids in spellings) for spellings in ranking.wrong)
            ranked[row] = Ranked(scores[row, ranking.answer], 1 + n_ahead, 1 + len(ranking.wrong))
    return ranked


def _likeliest(row: int, ranking: ChoiceRanking, first: Mapping[Pair, float], scores: Mapping[Pair, float]) -> Ids:
    """The answer's most likely spelling, in the way in which the candidates are compared."""
    return max(ranking.right, key=lambda ids: (first[row, ids] if ranking.by_first else 0, scores[row, ids]))


def _by_first(
    asked: Sequence[tuple[int, ChoiceRanking]], own: Mapping[int, Ids], first: Mapping[Pair, float]
) -> tuple[set[Pair], list[Pair]]:
    """Candidates that are ahead by their first token, and those to be compared with the answer as a whole."""
    ahead: set[Pair] = set()
    rivals: list[Pair] = []
    for row, ranking in asked:
        for ids in chain(*ranking.wrong) if row in own else ():
            if ids in ranking.right:
                continue
            if not ranking.by_first or ids[0] == own[row][0]:
                rivals.append((row, ids))
            elif first[row, ids] > first[row, own[row]]:
                ahead.add((row, ids))
    return ahead, rivals


def more_likely(
    decoder: Decoder,
    reading: Reading,
    logits: Tensor,
    first: Mapping[Pair, float],
    best: Mapping[int, float],
) -> set[Pair]:
    """The candidates whose log-probability is greater than `best` of their row. first: scores of their first tokens.

    A text is at most as likely as its beginning, so a candidate is read token by token, and only as long as its
    beginning is more likely than `best`. Beginnings that several candidates share are read once.
    """
    scores = {pair: score for pair, score in first.items() if score > best[pair[0]]}
    above = {pair for pair in scores if len(pair[1]) == 1}
    longer = sorted(pair for pair in scores if len(pair[1]) > 1)
    size = max(1, min(len(logits) // 2, LOGITS_AT_ONCE // logits.shape[-1]))  # two caches at a time, see `_grow`
    for start in range(0, len(longer), size):
        chunk = {pair: scores[pair] for pair in longer[start : start + size]}
        above |= _grow(decoder, reading, chunk, best)
    return above


def _grow(decoder: Decoder, reading: Reading, scores: dict[Pair, float], best: Mapping[int, float]) -> set[Pair]:
    """The same for candidates of at least two tokens, from the scores of their first tokens."""
    above: set[Pair] = set()
    parents: dict[Pair, int] = {(row, ()): row for row, _ in scores}
    length = 1
    while scores:
        beginnings = {beginning: i for i, beginning in enumerate(dict.fromkeys(_cut(pair, length) for pair in scores))}
        rows = [parents[_cut(beginning, length - 1)] for beginning in beginnings]
        device = reading.mask.device
        last = torch.tensor([[ids[-1]] for _, ids in beginnings], device=device)
        reading, logits = decoder.extend(reading.select(torch.tensor(rows, device=device)), last, torch.ones_like(last))
        following = [(beginnings[_cut(pair, length)], pair[1][length:]) for pair in scores]
        added = first_scores(logits[:, -1], following)
        length += 1
        scores = {pair: s + added[next_] for (pair, s), next_ in zip(scores.items(), following, strict=True)}
        scores = {pair: s for pair, s in scores.items() if s > best[pair[0]]}
        above |= {pair for pair in scores if len(pair[1]) == length}
        scores = {pair: s for pair, s in scores.items() if len(pair[1]) > length}
        parents = beginnings
    return above


def _cut(pair: Pair, length: int) -> Pair:
    return pair[0], pair[1][:length]


def log_probabilities(decoder: Decoder, reading: Reading, logits: Tensor, pairs: Sequence[Pair]) -> dict[Pair, float]:
    """Log-probability of each candidate, natural logarithm, summed over its tokens; 0 for no tokens.

    A candidate's first token is scored by the logits (R, V) of the prompt; only the tokens before its last are fed.
    """
    return _whole_scores(decoder, reading, logits, pairs, first_scores(logits, pairs), None)


def _whole_scores(
    decoder: Decoder,
    reading: Reading,
    logits: Tensor,
    pairs: Sequence[Pair],
    first: Mapping[Pair, float],
    beginnings: Beginnings | None,
) -> dict[Pair, float]:
    """The same with scores of the first tokens.

    beginnings: if given, a candidate that greedy decoding can begin is fed to its end, and `beginnings` sees it.
    """
    scores = {pair: first[pair] for pair in pairs}
    fed = {pair: pair[1] if beginnings and beginnings.has_first(pair) else pair[1][:-1] for pair in scores}
    fed = {pair: ids for pair, ids in fed.items() if ids}
    for chunk in _chunks(fed, len(logits), logits.shape[-1]):
        rest, likeliest = _rest_scores(decoder, reading, chunk)
        for pair, score, following in zip(chunk, rest, likeliest, strict=True):
            scores[pair] += score
            if beginnings is not None:
                beginnings.see(pair, following)
    return scores


def first_scores(logits: Tensor, pairs: Sequence[Pair]) -> dict[Pair, float]:
    """Log-probability of the first token of each candidate by logits (R, V); 0 for no tokens."""
    spoken = [pair for pair in pairs if pair[1]]
    if not spoken:
        return dict.fromkeys(pairs, 0.0)
    rows = torch.tensor([row for row, _ in spoken], device=logits.device)
    tokens = torch.tensor([ids[0] for _, ids in spoken], device=logits.device)
    asked = list(dict.fromkeys(row for row, _ in spoken))
    place = {row: i for i, row in enumerate(asked)}
    normalizers = log_normalizers(logits, asked)[[place[row] for row, _ in spoken]]
    scores = logits[rows, tokens] - normalizers
    return dict.fromkeys(pairs, 0.0) | dict(zip(spoken, scores.tolist(), strict=True))


def log_normalizers(logits: Tensor, rows: Sequence[int]) -> Tensor:
    """Log of the sum of exponentials, (N,), of some rows of logits (R, V).

    On a CPU row by row, because the exponentials of one row fit into its cache.
    """
    if logits.is_cuda:
        return logits[list(rows)].logsumexp(-1)
    return torch.stack([logits[row].logsumexp(-1) for row in rows])


def _rest_scores(decoder: Decoder, reading: Reading, fed: Mapping[Pair, Ids]) -> tuple[list[float], list[list[int]]]:
    """Log-probability of all tokens except the first, and the most likely token after each fed one."""
    device = reading.mask.device
    rows = torch.tensor([row for row, _ in fed], device=device)
    ids, mask = padded(list(fed.values()), device)
    row, position = mask.nonzero(as_tuple=True)
    _, logits = decoder.extend(reading.select(rows), ids, mask, (row, position))
    # The token after each fed one; 0, which is not counted, after the last of a text that was fed to its end.
    following = [(*text, 0)[i + 1] for (_, text), own in fed.items() for i in range(len(own))]
    counted = [i + 1 < len(text) for (_, text), own in fed.items() for i in range(len(own))]
    spoken = logits.gather(-1, torch.tensor(following, device=device)[:, None])[:, 0] - log_normalizers(
        logits, range(len(logits))
    )
    scores = torch.zeros(len(fed), dtype=torch.float64, device=device)
    scores.index_add_(0, row, spoken.double() * torch.tensor(counted, device=device))
    likeliest = iter(logits.argmax(-1).tolist())
    return scores.tolist(), [[next(likeliest) for _ in own] for own in fed.values()]


def _chunks(fed: Mapping[Pair, Ids], n_rows: int, n_words: int) -> list[dict[Pair, Ids]]:
    """Texts of similar length, few enough for their logits and for a second cache beside that of the prompts."""
    chunks: list[dict[Pair, Ids]] = []
    n_logits = 0
    for pair in sorted(fed, key=lambda pair: -len(fed[pair])):
        n_logits += n_words * len(fed[pair])
        if not chunks or len(chunks[-1]) == n_rows or n_logits > LOGITS_AT_ONCE:
            chunks.append({})
            n_logits = n_words * len(fed[pair])
        chunks[-1][pair] = fed[pair]
    return chunks
