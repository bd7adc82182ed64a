"""A small made-up run as raw numbers, and its results file filled from them by plain counting.

What the queries return is compared with what `reference` makes of the raw arrays: the two share no code.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store import schema

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
    percent: float = 0.0
    correct: Array = field(default_factory=lambda: np.zeros(0))
    """(E, P) 1, 0 or nan."""
    rank_correct: Array = field(default_factory=lambda: np.zeros(0))
    valid: Array = field(default_factory=lambda: np.zeros(0))
    logprob: Array = field(default_factory=lambda: np.zeros(0))


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
    ablated: int | None = None
    """Only so many examples, the first ones, were ablated; None is all."""

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
        A = rng.normal(rng.normal(-0.3, 1, size=d), 1, size=(E, P, d)) + rng.normal(
            0, 0.8, (E, 1, d)
        )
        A[:, :, 0] = 1.0 + rng.random((E, P))  # always all-shared
        A[:, :, 1] = -1.0  # never active
        A[:, :, 2] = np.where(
            np.arange(P) == 1, 0.7, -0.7
        )  # always specific to the second language
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
        prompts=[
            [f"the {code} prompt  of example {e}" + " x" * (e % 3) for code in languages]
            for e in range(E)
        ],
        last_tokens=[["is" if e % 4 else code for code in languages] for e in range(E)],
        conditions=tuple(_conditions(rng, E, P, correct)),
        thresholds=(0.0, 0.5),
        answers=tuple(f"answer {e}" for e in range(E)),
    )
    return RawRun(**{**vars(run), **changes})


def _conditions(rng: np.random.Generator, E: int, P: int, correct: Array) -> Iterator[Condition]:
    def outcome(chance: float) -> dict[str, Array]:
        hits = np.where(np.isnan(correct), np.nan, (rng.random((E, P)) < chance) & (correct > 0))
        return {
            "correct": hits,
            "rank_correct": (rng.random((E, P)) < chance).astype(float),
            "valid": (rng.random((E, P)) < 0.8).astype(float),
            "logprob": -1 - rng.random((E, P)) / (chance + 0.05),
        }

    first = outcome(1.0)
    yield Condition("baseline", "baseline", **{**first, "correct": correct})
    for name, chance in zip(TYPES, (0.5, 0.95, 0.9, 0.1), strict=True):
        yield Condition("type", f"w/o {name}", name, percent=20 * chance, **outcome(chance))
    for seed in range(2):
        yield Condition(
            "random",
            f"w/o random 25 %, seed {seed}",
            None,
            0.25,
            seed,
            percent=25.0 + seed,
            **outcome(0.8),
        )
    for seed in range(2):
        yield Condition(
            "matched", "control", "all-shared", None, seed, 4, percent=10.0, **outcome(0.7)
        )
    yield Condition(
        "dose", "w/o 5 % all-shared", "all-shared", 0.05, 0, percent=5.0, **outcome(0.4)
    )
    yield Condition(
        "dose", "w/o 5 % like it", "all-shared", 0.05, 0, 9, percent=5.0, **outcome(0.9)
    )


def write_runs(path: Path, *runs: RawRun) -> Path:
    """A results file with these runs, numbered from 1."""
    schema.create(path)
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for number, run in enumerate(runs, 1):
            for table, rows in tables_of(run, number):
                _insert(connection, table, rows)
        connection.commit()
    return path


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[Any, ...]]
) -> None:
    columns = list(schema.columns(table))
    found = list(rows)
    if not found:
        return
    assert len(found[0]) == len(columns), (table, columns)
    data = pa.table({name: [row[i] for row in found] for i, name in enumerate(columns)})
    connection.register("incoming", data)
    connection.execute(f"INSERT INTO {table} SELECT * FROM incoming")
    connection.unregister("incoming")


def masks(active: Array) -> Array:
    """(E, P, d) booleans to (E, d) masks."""
    bits = (1 << np.arange(active.shape[1], dtype=np.int64))[None, :, None]
    return (active * bits).sum(axis=1)


def type_of(mask: int, every: int) -> str:
    """Type of a mask, told in the order of Eq. 3 to 6."""
    if mask == every:
        return "all-shared"
    if mask == 0:
        return "non-activated"
    return "specific" if bin(mask).count("1") == 1 else "partial-shared"


def tables_of(run: RawRun, number: int) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    """(table, rows) of one run."""
    yield from _plain_tables(run, number)
    yield from _mask_tables(run, number)
    if run.attribution:
        yield from _attribution_tables(run, number)
    yield (
        "conditions",
        [
            (
                number,
                i,
                c.kind,
                c.type,
                c.fraction,
                c.seed,
                "all",
                None,
                "0",
                c.matched_to,
                c.percent,
                c.label,
            )
            for i, c in enumerate(run.conditions)
        ],
    )
    E, P, _ = run.shape
    yield "ablation_examples", [
        (number, i, e, run.languages[p], "x", _flag(c.correct[e, p]), _flag(c.rank_correct[e, p]), _flag(c.valid[e, p]),
         float(c.logprob[e, p]), 3)
        for i, c in enumerate(run.conditions) for e in range(run.ablated or E) for p in range(P)
    ]  # fmt: skip


def _plain_tables(run: RawRun, n: int) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    E, P, L = run.shape
    every = (1 << P) - 1
    yield "runs", [
        (n, f"{n}f00d{n:08d}cafe", run.name, run.model, None, "bloom", run.task, None, 0, list(run.languages), every, E,
         "float32", "cpu", 0.0, '{"seed": 1}', '{"torch": "2"}', np.datetime64("2026-01-02T03:04:05", "us"), 1.5, int(run.n_tokens.sum()))
    ]  # fmt: skip
    yield "run_languages", [(n, p, code) for p, code in enumerate(run.languages)]
    positions = [run.stacks[:i].count(stack) for i, stack in enumerate(run.stacks)]
    yield (
        "layers",
        [
            (n, i, run.stacks[i], positions[i], run.activations[i].shape[-1], 3 * i)
            for i in range(L)
        ],
    )
    yield "examples", [
        (n, e, f"id{e}", f"c{e // 2}", run.folds[e], run.languages[p], run.prompts[e][p], run.answers[e] if run.answers else None,
         f"said {e} {p}", _flag(run.correct[e, p]), int(run.n_tokens[e, p]), run.last_tokens[e][p])
        for e in range(E) for p in range(P)
    ]  # fmt: skip
    yield "neuron_vocabulary", [
        (n, 1, 5, direction, rank, f"{direction}{rank}", 1.0 / rank)
        for direction in ("suppresses", "promotes") for rank in (2, 1, 3)
    ]  # fmt: skip
    yield "notes", [(n, "data", "Nothing was left out.")]


def _mask_tables(run: RawRun, n: int) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    E, P, L = run.shape
    every = (1 << P) - 1
    last = [masks(A > 0) for A in run.activations]
    anywhere = [masks(tokens > 0) for tokens in run.active_tokens]
    if run.keep_masks:
        yield "activations", [
            (n, e, i, k, int(last[i][e, k])) for e in range(E) for i in range(L) for k in range(last[i].shape[1])
        ]  # fmt: skip
    counted: Counter[tuple[Any, ...]] = Counter()
    for i, A in enumerate(run.activations):
        for threshold in run.thresholds:
            for e, row in enumerate(masks(threshold < A)):
                counted.update((threshold, "last", run.folds[e], i, int(m)) for m in row)
        for e, row in enumerate(anywhere[i]):
            counted.update((0.0, "any", run.folds[e], i, int(m)) for m in row)
    yield "mask_histogram", [(n, *key, count) for key, count in counted.items()]
    yield "mask_joint", _joint_rows(run, n, last)
    of_neuron: Counter[tuple[int, int, int]] = Counter()
    of_type: Counter[tuple[int, int, str]] = Counter()
    of_example: Counter[tuple[int, int, str]] = Counter()
    for i, table in enumerate(last):
        for e, k in np.ndindex(table.shape):
            mask = int(table[e, k])
            of_neuron[i, k, mask] += 1
            of_type[i, k, type_of(mask, every)] += 1
            of_example[e, i, type_of(mask, every)] += 1
    yield "neuron_masks", [(n, *key, count) for key, count in of_neuron.items()]
    yield (
        "neuron_types",
        [
            (n, i, k, *(of_type[i, k, t] for t in TYPES))
            for i in range(L)
            for k in range(last[i].shape[1])
        ],
    )
    yield (
        "example_types",
        [(n, e, i, *(of_example[e, i, t] for t in TYPES)) for e in range(E) for i in range(L)],
    )
    yield "neuron_tokens_active", [
        (n, code, i, k, int(run.n_tokens[:, p].sum()), int(run.active_tokens[i][:, p, k].sum()))
        for p, code in enumerate(run.languages) for i in range(L) for k in range(last[i].shape[1])
    ]  # fmt: skip


def _joint_rows(run: RawRun, n: int, last: list[Array]) -> Iterator[tuple[Any, ...]]:
    counted: Counter[tuple[Any, ...]] = Counter()
    silent: Counter[tuple[Any, ...]] = Counter()
    for i, table in enumerate(last):
        for e, k in np.ndindex(table.shape):
            for p, code in enumerate(run.languages):
                key = (code, run.folds[e], i, int(table[e, k]))
                counted[key] += 1
                silent[key] += int(run.active_tokens[i][e, p, k] == 0)
    for key, count in counted.items():
        yield (n, *key, count, silent[key])


def _attribution_tables(run: RawRun, n: int) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    every = (1 << run.shape[1]) - 1
    by_mask: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    by_type: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    by_neuron: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    ranked = []
    for i, A in enumerate(run.activations):
        table, shares, top = masks(A > 0), run.shares(i), run.top(i)
        for e, p, k in np.ndindex(A.shape):
            mask, code = int(table[e, k]), run.languages[p]
            value = (
                bool(top[e, p, k]), float(shares[e, p, k]), float(run.contributions[i][e, p, k]), float(run.effects[i][e, p, k])
            )  # fmt: skip
            by_mask.setdefault((run.folds[e], code, i, mask), []).append(value)
            by_type.setdefault((e, code, i, type_of(mask, every)), []).append(value)
            by_neuron.setdefault((code, i, k), []).append(value)
        for e, p in np.ndindex(A.shape[:2]):
            order = np.argsort(-shares[e, p])[:3]
            ranked += [
                (n, e, run.languages[p], i, rank, int(k), int(table[e, k]), float(shares[e, p, k]), _number(run.effects[i][e, p, k]))
                for rank, k in enumerate(order, 1)
            ]  # fmt: skip
    yield "attribution_masks", [(n, *key, *_sums(values)) for key, values in by_mask.items()]
    yield (
        "attribution",
        [
            (n, *key, *(s := _sums(values))[:3], max(v[1] for v in values), *s[3:])
            for key, values in by_type.items()
        ],
    )
    yield (
        "neuron_attribution",
        [(n, *key, *(s := _sums(values))[:3], *s[4:]) for key, values in by_neuron.items()],
    )
    yield "top_neurons", ranked
    yield "neuron_examples", [
        (n, i, k, rank, int(e), run.languages[0], float(A[e, 0, k]))
        for i, A in enumerate(run.activations) for k in range(A.shape[2])
        for rank, e in enumerate(np.argsort(-A[:, 0, k])[:4], 1)
    ]  # fmt: skip


def _sums(values: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """n, n_top, cs_sum, raw_sum, es_sum, es_sumsq, es_min, es_max."""
    es = [v[3] for v in values]
    effects = (
        (None,) * 4 if np.isnan(es).any() else (sum(es), sum(x * x for x in es), min(es), max(es))
    )
    return (
        len(values),
        sum(v[0] for v in values),
        sum(v[1] for v in values),
        sum(v[2] for v in values),
        *effects,
    )


def _flag(value: float) -> bool | None:
    return None if np.isnan(value) else bool(value)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
