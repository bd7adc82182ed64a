"""Match neurons of a type with other neurons of similar contribution: a control of equal size and contribution.

All inputs are matched together. Whole types: both sides are sorted by contribution, and in this order each neuron of
the type takes the nearest free neuron of the pool at or below it. The places taken are then a running maximum, so no
loop over neurons is needed. Doses: pairs of neurons in the same step of a geometric scale.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.ablation.random_numbers import smallest

LIKE = 1.25
"""Two neurons have similar contributions if their ratio is at most this number."""
_EXCHANGES = 6
"""Rounds of exchanges. Large contributions differ a lot, so moving all places alone can miss the target."""
_NEAR_ENOUGH = 1e-3
"""Accepted difference as a share of the sum."""


@dataclass(frozen=True)
class Ranked:
    """Contribution scores (R, d) of some inputs, sorted once for all sets of them."""

    scores: Tensor
    order: Tensor
    """Neurons (R, d), largest first."""

    @classmethod
    def sort(cls, scores: Tensor) -> "Ranked":
        """Sort; equal scores stay in the order of their neurons."""
        return cls(scores, scores.sort(dim=-1, descending=True, stable=True).indices)


@dataclass(frozen=True)
class Pairs:
    """Pairs of neurons, (R, m) each; `real` marks the places of a row that hold a pair."""

    first: Tensor
    second: Tensor
    real: Tensor


def matched_control(ranked: Ranked, kind: Tensor, pool: Tensor) -> Tensor:
    """Neurons of the pool, as many as in `kind`, whose summed score is as close to that of `kind` as possible.

    kind, pool: (R, d) bool, disjoint. Returns (R, d) bool; the whole pool if it is smaller than the kind.
    """
    members = _Side.of(ranked, kind)
    target = members.scores.sum(-1)
    offered = _Side.of(ranked, _usable(ranked.scores, pool, members.n, target))
    if offered.width == 0 or members.width == 0:
        return torch.zeros_like(pool)
    n = torch.minimum(members.n, offered.n)
    real = torch.arange(members.width, device=n.device) < n[:, None]
    places = _moved(members, offered, real, target)
    for _ in range(_EXCHANGES):
        missing = target - (offered.scores_at(places) * real).sum(-1)
        rows = (missing.abs() > _NEAR_ENOUGH * target).nonzero()[:, 0]
        if len(rows) == 0:
            break
        places[rows] = _exchange(offered.select(rows), places[rows], real[rows], missing[rows])
    return _as_set(offered.neurons_at(places), real, kind.shape[1])


def pairs_of_like(scores: Tensor, kind: Tensor, pool: Tensor, chance: Tensor) -> Pairs:
    """All possible pairs of one neuron of each set with similar scores, drawn at random.

    scores, chance: (R, d); chance has random numbers in [0, 1). Scores are similar if they are in the same step of a
    geometric scale with ratio LIKE; the number of pairs in a step is the size of the smaller set there.
    """
    tiny = torch.finfo(scores.dtype).tiny
    steps = (scores.clamp_min(tiny).log() / -math.log(LIKE)).floor().long()
    steps -= steps.min()
    n_steps = int(steps.max()) + 1
    first, n = _paired(steps, chance, kind, pool, n_steps)
    second, _ = _paired(steps, chance, pool, kind, n_steps)
    return Pairs(first, second, torch.arange(first.shape[1], device=n.device) < n[:, None])


def equal_doses(pairs: Pairs, n: int, chance: Tensor) -> tuple[Tensor, Tensor]:
    """n neurons of each side of the pairs, drawn at random; all if there are fewer pairs.

    chance: (R, d) random numbers in [0, 1). Returns two (R, d) bool of equal sizes.
    """
    order = chance[:, : pairs.real.shape[1]].masked_fill(~pairs.real, torch.inf)
    taken = smallest(order, min(n, order.shape[1])) & pairs.real
    width = chance.shape[1]
    return _as_set(pairs.first, taken, width), _as_set(pairs.second, taken, width)


def _paired(steps: Tensor, chance: Tensor, own: Tensor, other: Tensor, n_steps: int) -> tuple[Tensor, Tensor]:
    """Neurons (R, m) of one set that have a partner in the other, step by step, and their number (R,)."""
    keys, order = (steps + chance).masked_fill(~own, torch.inf).sort(dim=-1)
    step = steps.gather(-1, order)
    counts = [
        torch.zeros(len(steps), n_steps, dtype=torch.long, device=steps.device).scatter_add_(-1, steps, members.long())
        for members in (own, other)
    ]
    begin = counts[0].cumsum(-1) - counts[0]
    in_step = torch.arange(steps.shape[1], device=steps.device) - begin.gather(-1, step)
    return _to_front(order, (in_step < counts[1].gather(-1, step)) & keys.isfinite())


def _to_front(neurons: Tensor, members: Tensor) -> tuple[Tensor, Tensor]:
    """Members of each row, moved to the front in order and cut after the longest row; and their number (R,)."""
    n = members.sum(-1)
    width = int(n.max())
    # All other neurons share one place after the last, which is cut off.
    place = (members.cumsum(-1) - 1).masked_fill(~members, width)
    return neurons.new_zeros(len(n), width + 1).scatter_(-1, place, neurons)[:, :width], n


@dataclass(frozen=True)
class _Side:
    """A set of neurons sorted by score, largest first, (R, m) with m of the largest row."""

    neurons: Tensor
    scores: Tensor
    """0 after the end of a row."""
    keys: Tensor
    """Negated scores, ascending; infinite after the end of a row."""
    n: Tensor
    """(R,) members of each row."""

    @classmethod
    def of(cls, ranked: Ranked, members: Tensor) -> "_Side":
        neurons, n = _to_front(ranked.order, members.gather(-1, ranked.order))
        real = torch.arange(neurons.shape[1], device=n.device) < n[:, None]
        scores = ranked.scores.gather(-1, neurons).masked_fill(~real, 0)
        return cls(neurons, scores, (-scores).masked_fill(~real, torch.inf), n)

    def select(self, rows: Tensor) -> "_Side":
        return _Side(self.neurons[rows], self.scores[rows], self.keys[rows], self.n[rows])

    @property
    def width(self) -> int:
        return self.keys.shape[1]

    def scores_at(self, places: Tensor) -> Tensor:
        return self.scores.gather(-1, places.clamp(0, self.width - 1))

    def neurons_at(self, places: Tensor) -> Tensor:
        if self.width == 0:
            return torch.zeros_like(places)
        return self.neurons.gather(-1, places.clamp(0, self.width - 1))


def _usable(scores: Tensor, pool: Tensor, n: Tensor, target: Tensor) -> Tensor:
    """The pool without neurons whose score exceeds the target, if at least n are left."""
    light = pool & (scores <= target[:, None])
    return torch.where((light.sum(-1) >= n)[:, None], light, pool)


def _nearest(members: _Side, offered: _Side) -> Tensor:
    """For each place of the members a place of the offered side, strictly increasing, at or below it in score."""
    place = torch.arange(members.width, device=members.keys.device)
    below = torch.searchsorted(offered.keys, members.keys)
    return place + (below - place).cummax(-1).values


def _moved(members: _Side, offered: _Side, real: Tensor, target: Tensor) -> Tensor:
    """Nearest places, all moved by the same number so that their sum is close to the target."""
    nearest = _nearest(members, offered)
    heaviest = torch.arange(members.width, device=target.device)
    lightest = (offered.n - members.n).clamp_min(0)[:, None] + heaviest

    def move(by: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(nearest - by[:, None], heaviest), lightest)

    def missing(by: Tensor) -> Tensor:
        return target - (offered.scores_at(move(by)) * real).sum(-1)

    reach = members.width + offered.width
    low, high = torch.full_like(members.n, -reach), torch.full_like(members.n, reach)
    for _ in range((2 * reach).bit_length()):  # moving up selects larger scores
        middle = (low + high) // 2
        too_light = missing(middle) > 0
        low, high = torch.where(too_light, middle, low), torch.where(too_light, high, middle)
    return move(torch.where(missing(low).abs() <= missing(high).abs(), low, high))


def _exchange(offered: _Side, places: Tensor, real: Tensor, missing: Tensor) -> Tensor:
    """Exchange one neuron for a free one in each row where it reduces the difference. missing: (R,)."""
    held, missing = offered.scores_at(places), missing[:, None]
    taken = _as_set(places.clamp(0, offered.width - 1), real, offered.width)
    free = ~taken & (offered.keys < torch.inf)
    rows = torch.arange(len(places), device=places.device)
    best, changed = missing[:, 0].abs(), places
    ideal = torch.searchsorted(offered.keys, -(held + missing))
    for candidate in _next_free(free, ideal):
        usable = real & (candidate >= 0) & (candidate < offered.width)
        left = (missing - offered.scores_at(candidate) + held).abs()
        error, leaver = left.masked_fill(~usable, torch.inf).min(-1)
        after = places.clone()
        after[rows, leaver] = candidate[rows, leaver]
        changed = torch.where((error < best)[:, None], after, changed)
        best = torch.minimum(error, best)
    return changed


def _next_free(free: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """The next free place at or after each place, and the next one before it; out of range if there is none."""
    width = free.shape[1]
    every = torch.arange(width, device=free.device)
    above = every.masked_fill(~free, -1).cummax(-1).values
    below = every.masked_fill(~free, width).flip(-1).cummin(-1).values.flip(-1)
    at_or_past = below.gather(-1, places.clamp_max(width - 1)).masked_fill(places >= width, width)
    return at_or_past, above.gather(-1, (places - 1).clamp_min(0)).masked_fill(places == 0, -1)


def _as_set(members: Tensor, real: Tensor, width: int) -> Tensor:
    """(R, width) bool from indices (R, m); counted, because places that are not real may repeat indices."""
    counts = torch.zeros(len(members), width, dtype=torch.int8, device=members.device)
    return counts.scatter_add_(-1, members, real.to(torch.int8)).bool()
