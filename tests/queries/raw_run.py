"""Fills a results file from raw runs, by plain counting.

What the queries return is compared with what `reference` makes of the raw arrays: the two share no code.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement, product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from neurontui.store import schema
from tests.queries.raw_arrays import TYPES, Array, Condition, RawRun, make_run

WARNING = "In th, 3 of 40 prompts end in white space."

__all__ = [
    "TYPES",
    "Condition",
    "RawRun",
    "make_run",
    "masks",
    "tables_of",
    "type_of",
    "write_runs",
]


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


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    columns = list(schema.columns(table))
    found = list(rows)
    if not found:
        return
    assert len(found[0]) == len(columns), (table, columns)
    kinds = dict.fromkeys(("mask", "last_mask", "all_mask"), pa.uint64())
    data = pa.table({name: pa.array([r[i] for r in found], kinds.get(name)) for i, name in enumerate(columns)})
    connection.register("incoming", data)
    connection.execute(f"INSERT INTO {table} SELECT * FROM incoming")
    connection.unregister("incoming")


def masks(active: Array) -> Array:
    """(E, P, d) booleans to (E, d) masks."""
    bits = np.uint64(1) << np.arange(active.shape[1], dtype=np.uint64)
    return (active * bits[None, :, None]).sum(axis=1, dtype=np.uint64)


def type_of(mask: int, every: int) -> str:
    """Type of a mask, decided in the order of Eq. 3 to 6."""
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
                c.layers,
                c.value,
                c.matched_to,
                run.percent(c),
                c.label,
                None,
                None,
                c.target,
            )
            for i, c in enumerate(run.conditions)
        ],
    )
    E, P, _ = run.shape
    yield "ablation_examples", [
        (number, i, e, run.languages[p], "x", _flag(c.correct[e, p]), _flag(c.rank_correct[e, p]), _flag(c.valid[e, p]),
         float(c.logprob[e, p]), int(c.n_ablated[e, p]),
         None if np.isnan(c.first_rank[e, p]) else int(c.first_rank[e, p]), 6, None)
        for i, c in enumerate(run.conditions) for e in range(run.ablated or E) for p in range(P)
    ]  # fmt: skip


def _plain_tables(run: RawRun, n: int) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    E, P, L = run.shape
    every = (1 << P) - 1
    yield (
        "runs",
        [
            (
                n,
                f"{n}f00d{n:08d}cafe",
                run.name,
                run.model,
                None,
                "bloom",
                run.task,
                None,
                0,
                list(run.languages),
                every,
                E,
                "float32",
                "cpu",
                0.0,
                '{"seed": 1}',
                '{"torch": "2"}',
                np.datetime64("2026-01-02T03:04:05", "us"),
                1.5,
                int(run.n_tokens.sum()),
            )
        ],
    )
    yield "run_languages", [(n, p, code) for p, code in enumerate(run.languages)]
    positions = [run.stacks[:i].count(stack) for i, stack in enumerate(run.stacks)]
    yield (
        "layers",
        [(n, i, run.stacks[i], positions[i], run.activations[i].shape[-1], 3 * i) for i in range(L)],
    )
    yield (
        "examples",
        [
            (
                n,
                e,
                f"id{e}",
                f"c{e // 2}",
                run.folds[e],
                run.languages[p],
                run.prompts[e][p],
                run.answers[e] if run.answers else None,
                f"said {e} {p}",
                _flag(run.correct[e, p]),
                int(run.n_tokens[e, p]),
                run.last_tokens[e][p],
                *_ranked(run, e, p),
                *_spoken(run, e, p),
            )
            for e in range(E)
            for p in range(P)
        ],
    )
    yield "neuron_vocabulary", [
        (n, 1, 5, direction, rank, f"{direction}{rank}", 1.0 / rank)
        for direction in ("suppresses", "promotes") for rank in (2, 1, 3)
    ]  # fmt: skip
    yield "notes", [(n, "data", "Nothing was left out."), (n, "prompts", WARNING)]


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
    if P > 15:
        yield from _many_language_tables(run, n, counted)
    else:
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
        [(n, i, k, *(of_type[i, k, t] for t in TYPES)) for i in range(L) for k in range(last[i].shape[1])],
    )
    yield (
        "example_types",
        [(n, e, i, *(of_example[e, i, t] for t in TYPES)) for e in range(E) for i in range(L)],
    )
    yield "neuron_tokens_active", [
        (n, code, i, k, int(run.n_tokens[:, p].sum()), int(run.active_tokens[i][:, p, k].sum()))
        for p, code in enumerate(run.languages) for i in range(L) for k in range(last[i].shape[1])
    ]  # fmt: skip


def _many_language_tables(
    run: RawRun, n: int, counted: Counter[tuple[Any, ...]]
) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    popcounts: Counter[tuple[Any, ...]] = Counter()
    for (*key, mask), count in counted.items():
        popcounts[(*key, mask.bit_count())] += count
    yield "active_histogram", [(n, *key, count) for key, count in popcounts.items()]
    pairs: dict[tuple[Any, ...], list[int]] = {}
    for i, A in enumerate(run.activations):
        active = A > 0
        n_active = active.sum(axis=1)
        for a, b in combinations_with_replacement(range(len(run.languages)), 2):
            both = active[:, a] & active[:, b]
            partial = both & (n_active > 1) & (n_active < len(run.languages))
            only = both & (n_active == (1 if a == b else 2))
            for e, fold in enumerate(run.folds):
                sums = pairs.setdefault((fold, i, run.languages[a], run.languages[b]), [0, 0, 0])
                for place, each in enumerate((both, partial, only)):
                    sums[place] += int(each[e].sum())
    yield "language_pairs", [(n, *key, *sums) for key, sums in pairs.items()]


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
                bool(top[e, p, k]),
                float(shares[e, p, k]),
                float(run.contributions[i][e, p, k]),
                float(run.effects[i][e, p, k]),
            )
            by_mask.setdefault((run.folds[e], code, i, mask), []).append(value)
            by_type.setdefault((e, code, i, type_of(mask, every)), []).append(value)
            by_neuron.setdefault((code, i, k), []).append(value)
        for e, p in np.ndindex(A.shape[:2]):
            order = np.argsort(-shares[e, p])[:3]
            ranked += [
                (
                    n,
                    e,
                    run.languages[p],
                    i,
                    rank,
                    int(k),
                    int(table[e, k]),
                    float(shares[e, p, k]),
                    _number(run.effects[i][e, p, k]),
                )
                for rank, k in enumerate(order, 1)
            ]
    if run.shape[1] <= 15:
        yield "attribution_masks", [(n, *key, *_sums(values)) for key, values in by_mask.items()]
    yield (
        "attribution",
        [(n, *key, *(s := _sums(values))[:3], max(v[1] for v in values), *s[3:]) for key, values in by_type.items()],
    )
    yield (
        "neuron_attribution",
        [(n, *key, *(s := _sums(values))[:3], *s[4:]) for key, values in by_neuron.items()],
    )
    yield "neuron_gradients", [
        (n, run.languages[p], i, k, len(g), float(g[:, p, k].sum()), float((g[:, p, k] ** 2).sum()))
        for i, g in enumerate(map(run.gradients, range(len(run.activations)))) for p, k in np.ndindex(g.shape[1:])
    ]  # fmt: skip
    yield "neuron_effects", [
        (n, e, run.languages[p], i, k, float(run.shares(i)[e, p, k]), _number(run.effects[i][e, p, k]),
         float(g[e, p, k]), float(g[e, p, k]) + 0.1 * k)
        for i, g in enumerate(map(run.gradients, range(len(run.activations))))
        for e, p, k in np.ndindex(min(6, len(g)), g.shape[1], 3)
    ]  # fmt: skip
    yield "top_neurons", ranked
    yield "neuron_examples", [
        (n, i, k, rank, int(e), run.languages[0], float(A[e, 0, k]))
        for i, A in enumerate(run.activations) for k in range(A.shape[2])
        for rank, e in enumerate(np.argsort(-A[:, 0, k])[:4], 1)
    ]  # fmt: skip
    yield "neuron_density", [
        (n, i, k, run.languages[p], b, int(count))
        for i, A in enumerate(run.activations) for p, k in np.ndindex(A.shape[1:])
        for b, count in enumerate(np.bincount(bins_of(A[:, p, k]), minlength=32)) if count
    ]  # fmt: skip
    yield "prompt_tokens", [
        (n, e, code, stack, int(run.n_tokens[e, p]) - 1, tokens_of(run, e, p))
        for e, p, stack in product(range(run.shape[0]), range(run.shape[1]), dict.fromkeys(run.stacks))
        for code in [run.languages[p]]
    ]  # fmt: skip
    yield "neuron_token_values", [
        (n, i, k, e, run.languages[p], token_values_of(run, i, k, e, p))
        for i, A in enumerate(run.activations) for k in range(A.shape[2])
        for e, p in {(int(e), 0) for e in np.argsort(-A[:, 0, k])[:4]} | set(product((0, 1), range(run.shape[1])))
    ]  # fmt: skip


EDGES = np.concatenate([-(2.0 ** np.arange(5, -10, -1)), [0], 2.0 ** np.arange(-9, 6)])
"""Edges of the bins of neuron_density, without the infinite ones."""


def bins_of(values: Array) -> Array:
    """The bin of each activation; no value but 0 is on an edge."""
    return np.digitize(values, EDGES, right=True)


def tokens_of(run: RawRun, e: int, p: int) -> list[str]:
    """Tokens of a prompt: its words are numbered, the second token has no character of its own."""
    return [f" {run.languages[p]}{e}.{j}" if j != 1 else "" for j in range(int(run.n_tokens[e, p]))]


def token_values_of(run: RawRun, layer: int, neuron: int, e: int, p: int) -> list[float]:
    """A at every token: it grows towards the last one."""
    n = int(run.n_tokens[e, p])
    return [float(np.float32(run.activations[layer][e, p, neuron] * (j + 1) / n)) for j in range(n)]


def _sums(values: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """n, n_top, cs_sum, raw_sum, es_sum, es_sumsq, es_min, es_max."""
    es = [v[3] for v in values]
    effects = (None,) * 4 if np.isnan(es).any() else (sum(es), sum(x * x for x in es), min(es), max(es))
    return (
        len(values),
        sum(v[0] for v in values),
        sum(v[1] for v in values),
        sum(v[2] for v in values),
        *effects,
    )


def _ranked(run: RawRun, e: int, p: int) -> tuple[int | None, int | None, float | None]:
    """Rank, number of candidates and log-probability of the answer."""
    if not len(run.rank) or np.isnan(run.rank[e, p]):
        return None, None, None
    return int(run.rank[e, p]), int(run.n_candidates[p]), float(run.logprob[e, p])


def _spoken(run: RawRun, e: int, p: int) -> tuple[str | None, str | None, str | None]:
    """Languages of the answer and of the output, and the detected one of the answer."""
    if not len(run.rank):
        return None, None, None
    return run.languages[p], run.said[e, p], run.read[e, p]


def _flag(value: float) -> bool | None:
    return None if np.isnan(value) else bool(value)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
