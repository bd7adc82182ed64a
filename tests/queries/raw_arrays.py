"""A small made-up run as raw numbers: `raw_run` fills a results file from them, `reference` says what to expect."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
Array = NDArray[Any]


@dataclass(frozen=True)
class Condition:
    """One ablation: its columns, and the outcome of every (example, language)."""

    kind: str
    label: str
    type: str | None = None
    fraction: float | None = None
    seed: int | None = None
    matched_to: int | None = None
    n_ablated: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P) neurons switched off."""
    correct: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P) 1, 0 or nan."""
    rank_correct: Array = field(default_factory=lambda: np.zeros(0))
    valid: Array = field(default_factory=lambda: np.zeros(0))
    logprob: Array = field(default_factory=lambda: np.zeros(0))
    first_rank: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P) rank of the answer's first token, or nan."""
    layers: tuple[int, ...] | None = None
    value: str = "0"
    target: str | None = None


@dataclass(frozen=True)
class RawRun:
    """Arrays over E examples, P languages and, per layer, d neurons."""

    name: str
    model: str
    task: str
    languages: tuple[str, ...]
    folds: tuple[int, ...]
    stacks: tuple[str, ...]
    activations: list[Array]
    """Per layer (E, P, d): A at the last token."""
    active_tokens: list[Array]
    """Per layer (E, P, d): tokens at which A > 0; at least 1 where it is at the last."""
    n_tokens: Array
    """(E, P)."""
    contributions: list[Array]
    """Per layer (E, P, d): |A| times the norm, undivided."""
    effects: list[Array]
    """Per layer (E, P, d): effective scores, nan where they are not defined."""
    correct: Array
    """(E, P): 1, 0 or nan."""
    prompts: list[list[str]]
    last_tokens: list[list[str]]
    conditions: tuple[Condition, ...] = ()
    thresholds: tuple[float, ...] = (0.0,)
    attribution: bool = True
    keep_masks: bool = True
    answers: tuple[str, ...] = ()
    rank: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P): rank of the answer, or nan; empty: no ranks."""
    n_candidates: Array = field(default_factory=lambda: np.zeros(0))
    """(P,)."""
    logprob: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P): of the answer, or nan."""
    said: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P) language of the output, und or a code."""
    read: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P) detected language of the expected answer."""
    ablated: int | None = None
    """Only so many examples, the first ones, were ablated; None is all."""

    def percent(self, condition: Condition, read: Any = slice(None)) -> float:
        """Neurons switched off for the ablated examples in these languages, of all."""
        n = self.ablated or len(self.folds)
        n_neurons = sum(layer.shape[-1] for layer in self.activations)
        return float(100 * condition.n_ablated[:n, read].mean() / n_neurons)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Block of each ablated example: their clusters of two, cut into twenty blocks in order."""
        n = self.ablated or len(self.folds)
        return tuple(e // 2 * 20 // (n // 2) for e in range(n))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Examples, languages, layers."""
        return len(self.folds), len(self.languages), len(self.activations)

    def shares(self, layer: int) -> Array:
        """Contribution scores of a layer, Eq. 9: (E, P, d), rows summing to 1."""
        raw = self.contributions[layer]
        return raw / raw.sum(-1, keepdims=True)

    def gradients(self, layer: int) -> Array:
        """(E, P, d): gradient attributions, with both signs."""
        return 0.01 * (1 + layer) * self.activations[layer]

    def top(self, layer: int) -> Array:
        """(E, P, d): whether a neuron is among the top 5 % of its layer."""
        raw = self.contributions[layer]
        order = np.argsort(-raw, axis=-1, kind="stable")
        ranks = np.argsort(order, axis=-1, kind="stable")
        return ranks < int(np.ceil(0.05 * raw.shape[-1]))


def make_run(
    seed: int,
    name: str = "toy · fact",
    languages: tuple[str, ...] = ("en", "de", "fr", "ru", "zh"),
    *,
    task: str = "fact",
    model: str = "toy",
    examples: int = 40,
    sizes: tuple[int, ...] = (24, 24, 16),
    **changes: Any,
) -> RawRun:
    """Neurons with a propensity of their own, languages that move together, and some neurons that never change."""
    rng = np.random.default_rng(seed)
    E, P = examples, len(languages)
    activations, active_tokens, contributions, effects = [], [], [], []
    n_tokens = rng.integers(3, 9, size=(E, P))
    for layer, d in enumerate(sizes):
        A = rng.normal(rng.normal(-0.3, 1, size=d), 1, size=(E, P, d)) + rng.normal(0, 0.8, (E, 1, d))
        A[:, :, 0] = 1.0 + rng.random((E, P))  # always all-shared
        A[:, :, 1] = -1.0  # never active
        A[:, :, 2] = np.where(np.arange(P) == 1, 0.7, -0.7)  # always specific to the second language
        A[:, :, 3] = np.where(np.arange(P) < 2, 0.9, -0.9)  # always active in the first two
        A[rng.random(A.shape) < 0.02] = 0.0  # exactly at the threshold: not active
        elsewhere = rng.binomial(n_tokens[:, :, None] - 1, 0.15, size=A.shape)
        elsewhere[:, :, 1] = 0
        activations.append(A)
        active_tokens.append((A > 0) + elsewhere)
        contributions.append(np.abs(A) * rng.random(d) + 1e-9 * rng.random(A.shape))
        scores = A * rng.normal(0, 0.3, size=(E, P, d))
        effects.append(np.full_like(scores, np.nan) if layer == 0 else scores)
    correct = (rng.random((E, P)) < 0.6).astype(float)
    correct[rng.random((E, P)) < 0.05] = np.nan
    clusters = np.arange(E) // 2
    run = RawRun(
        name=name,
        model=model,
        task=task,
        languages=languages,
        folds=tuple(int(c * 7 % 13) for c in clusters),
        stacks=("encoder", *["decoder"] * (len(sizes) - 1)),
        activations=activations,
        active_tokens=active_tokens,
        n_tokens=n_tokens,
        contributions=contributions,
        effects=effects,
        correct=correct,
        prompts=[[f"the {code} prompt  of example {e}" + " x" * (e % 3) for code in languages] for e in range(E)],
        last_tokens=[["is" if e % 4 else code for code in languages] for e in range(E)],
        conditions=tuple(_conditions(rng, E, P, correct)),
        thresholds=(0.0, 0.5),
        answers=tuple(f"answer {e}" for e in range(E)),
        **_ranks(seed, correct),
        said=_languages(seed, languages, examples, 0.5),
        read=_languages(seed + 50, languages, examples, 0.8),
    )
    return RawRun(**{**vars(run), **changes})


def _languages(seed: int, languages: tuple[str, ...], examples: int, share: float) -> Array:
    """(E, P): mostly the language of the column, sometimes another one or undetermined."""
    rng = np.random.default_rng([seed, 6])
    others = rng.choice(np.array([*languages, "und"]), (examples, len(languages)))
    return np.where(rng.random(others.shape) < share, np.array(languages)[None], others)


def _ranks(seed: int, correct: Array) -> dict[str, Array]:
    """Ranks among 4, 5, … candidates by language, and log-probabilities; nan where nothing was judged."""
    rng = np.random.default_rng([seed, 4])
    n_candidates = 4 + np.arange(correct.shape[1])
    rank = 1 + np.floor(rng.random(correct.shape) ** 2 * n_candidates)
    rank[np.isnan(correct)] = np.nan
    return {"rank": rank, "n_candidates": n_candidates, "logprob": -3 * rng.random(correct.shape) * rank}


def _conditions(rng: np.random.Generator, E: int, P: int, correct: Array) -> Iterator[Condition]:
    counts, ranks = np.random.default_rng(9), np.random.default_rng(10)

    def outcome(chance: float) -> dict[str, Array]:
        hits = np.where(np.isnan(correct), np.nan, (rng.random((E, P)) < chance) & (correct > 0))
        return {
            "correct": hits,
            "rank_correct": (rng.random((E, P)) < chance).astype(float),
            "valid": (rng.random((E, P)) < 0.8).astype(float),
            "logprob": -1 - rng.random((E, P)) / (chance + 0.05),
            "n_ablated": counts.integers(0, 30, (E, P)),
            "first_rank": np.where(ranks.random((E, P)) < 0.1, np.nan, ranks.integers(1, 6, (E, P))),
        }

    first = outcome(1.0)
    yield Condition("baseline", "baseline", **{**first, "correct": correct})
    for name, chance in zip(TYPES, (0.5, 0.95, 0.9, 0.1), strict=True):
        yield Condition("type", f"w/o {name}", name, **outcome(chance))
    for seed in range(2):
        yield Condition(
            "random",
            f"w/o random 25 %, seed {seed}",
            None,
            0.25,
            seed,
            **outcome(0.8),
        )
    for seed in range(2):
        yield Condition("matched", "control", "all-shared", None, seed, 4, **outcome(0.7))
    yield Condition("dose", "w/o 5 % all-shared", "all-shared", 0.05, 0, **outcome(0.4))
    yield Condition("dose", "w/o 5 % like it", "all-shared", 0.05, 0, 9, **outcome(0.9))
