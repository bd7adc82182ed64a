"""How likely the model finds given texts behind its prompts, all of a prompt going on from one KV cache."""

from collections.abc import Sequence

import torch
from torch import Tensor

from neurontui.compute.answers.continuation import Ids
from neurontui.compute.answers.decoder import Decoder, Reading, padded

_LOGITS_AT_ONCE = 1 << 27
"""Most logits held at a time in ranking, 0.5 GB in float32."""


def log_probabilities(
    decoder: Decoder, reading: Reading, logits: Tensor, candidates: Sequence[Sequence[Ids]]
) -> list[list[float]]:
    """Log-probability of each candidate of each row, natural logarithm, summed over its tokens.

    reading, logits: what reading the prompts returned; the cache stays as it is. candidates: for each of the R rows
    its candidates as tokens; no tokens at all have log-probability 0.
    A candidate's first token is read off the prompt's own logits; only the tokens before its last one are fed.
    """
    pairs = [(row, ids) for row, of_row in enumerate(candidates) for ids in dict.fromkeys(of_row)]
    scores = _first_scores(logits, pairs)
    longer = [i for i, (_, ids) in enumerate(pairs) if len(ids) > 1]
    for chunk in _chunks(longer, pairs, logits):
        rest = _rest_scores(decoder, reading, [pairs[i] for i in chunk])
        for i, score in zip(chunk, rest.tolist(), strict=True):
            scores[i] += score
    found = dict(zip(pairs, scores, strict=True))
    return [[found[row, ids] for ids in of_row] for row, of_row in enumerate(candidates)]


def _first_scores(logits: Tensor, pairs: Sequence[tuple[int, Ids]]) -> list[float]:
    normaliser = logits.logsumexp(-1)
    spoken = [i for i, (_, ids) in enumerate(pairs) if ids]
    device = logits.device
    rows = torch.tensor([pairs[i][0] for i in spoken], dtype=torch.long, device=device)
    tokens = torch.tensor([pairs[i][1][0] for i in spoken], dtype=torch.long, device=device)
    values = (logits[rows, tokens] - normaliser[rows]).tolist()
    scores = [0.0] * len(pairs)
    for i, value in zip(spoken, values, strict=True):
        scores[i] = value
    return scores


def _rest_scores(decoder: Decoder, reading: Reading, pairs: Sequence[tuple[int, Ids]]) -> Tensor:
    """Log-probability of all tokens but the first, (N,)."""
    device = reading.mask.device
    rows = torch.tensor([row for row, _ in pairs], device=device)
    ids, mask = padded([ids[:-1] for _, ids in pairs], device)
    following, _ = padded([ids[1:] for _, ids in pairs], device)
    _, logits = decoder.extend(reading.select(rows), ids, mask)
    spoken = logits.gather(-1, following[..., None])[..., 0] - logits.logsumexp(-1)
    return (spoken.double() * mask).sum(-1)


def _chunks(
    longer: Sequence[int], pairs: Sequence[tuple[int, Ids]], logits: Tensor
) -> list[list[int]]:
    """Pairs of like length together, few enough for their logits and caches: at most as many as four times the rows."""
    ordered = sorted(longer, key=lambda i: len(pairs[i][1]))
    chunks: list[list[int]] = []
    for i in ordered:
        tokens = len(pairs[i][1]) - 1
        fits = chunks and (len(chunks[-1]) + 1) * tokens * logits.shape[-1] <= _LOGITS_AT_ONCE
        if fits and len(chunks[-1]) < 4 * len(logits):
            chunks[-1].append(i)
        else:
            chunks.append([i])
    return chunks
