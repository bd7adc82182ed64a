"""Results files with runs of the task corpus, from raw counts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from neurontui.store import schema
from tests.queries.raw_arrays import Array

CODES = tuple(f"l{i:02d}" for i in range(64))


@dataclass(frozen=True)
class CorpusRun:
    """Counts of a corpus. Axes: 2 halves, P languages, L layers, d neurons."""

    languages: tuple[str, ...]
    n_tokens: Array
    """(2, P)"""
    active: Array
    """(2, P, L, d): tokens at which act(gate) is above the threshold."""
    positive: Array
    sums: Array
    """(4, P, L, d): sums of A, A², w and w² over both halves."""
    precision: Array
    """(3, P, L, d): over all passages, those of the first and of the second half."""
    n_loss: Array
    """(2, P)"""
    losses: Array
    """(2, 2, P): sums of the losses and of their squares."""
    model: str = "toy-model"
    name: str = "toy · corpus"

    @property
    def shape(self) -> tuple[int, int, int]:
        """P, L, d."""
        _, p, layers, d = self.active.shape
        return p, layers, d

    def probability(self, part: str = "both", what: str = "active") -> Array:
        """(P, L, d) shares of tokens."""
        halves = {"both": [0, 1], "first": [0], "second": [1]}[part]
        negative = self.n_tokens[:, :, None, None] - self.positive
        counts = {"active": self.active, "positive": self.positive, "negative": negative}[what]
        probability: Array = counts[halves].sum(0) / self.n_tokens[halves].sum(0)[:, None, None]
        return probability


def make_corpus(
    seed: int, languages: tuple[str, ...] = ("en", "de", "fr", "ru", "zh"), layers: int = 3, neurons: int = 40,
    tokens: int = 200, **changes: Any,
) -> CorpusRun:  # fmt: skip
    """A random corpus: some neurons with a language of their own, some never or always active, many ties."""
    rng = np.random.default_rng(seed)
    P, shape = len(languages), (len(languages), layers, neurons)
    base = rng.beta(0.4, 1.5, shape[1:]) * (rng.random(shape[1:]) > 0.1)
    own = rng.integers(0, P, shape[1:])
    factor = np.where((np.arange(P)[:, None, None] == own) | (rng.random(shape[1:]) > 0.5), 1, 0.15)
    n_tokens = tokens + 10 * rng.integers(0, 5, (2, P))
    active = rng.binomial(n_tokens[:, :, None, None], np.clip(base * factor, 0, 1))
    active[:, :, 0, :3] = n_tokens[:, :, None]
    weight = rng.normal(0, 1, shape)
    n = n_tokens.sum(0)[:, None, None]
    sums = np.stack([weight * n, (weight**2 + 1) * n, -weight * n, (weight**2 + 0.25) * n]).astype("float32")
    n_loss = n_tokens // 4
    mean = rng.uniform(1, 4, (2, P))
    return CorpusRun(
        **{
            "languages": languages, "n_tokens": n_tokens, "active": active,
            "positive": rng.binomial(n_tokens[:, :, None, None], rng.random(shape)), "sums": sums,
            "precision": np.round(rng.random((3, *shape)), 2).astype("float32"), "n_loss": n_loss,
            "losses": np.stack([mean * n_loss, (mean**2 + 1.5) * n_loss]), **changes,
        }
    )  # fmt: skip


def add_corpus(path: Path, run: CorpusRun, number: int) -> Path:
    """Add a run of the task corpus to a results file."""
    P, L, d = run.shape
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO runs VALUES ($n, $key, $name, $model, NULL, 'bloom', 'corpus', NULL, 0, $languages, $mask, 0, "
            "'float32', 'cpu', 0, '{\"seed\": 1}', '{\"torch\": \"2\"}', '2026-01-02 03:04:05', 1.5, $tokens)",
            {"n": number, "key": f"{number}c0de{number:08d}cafe", "name": run.name, "model": run.model,
             "languages": list(run.languages), "mask": (1 << P) - 1, "tokens": int(run.n_tokens.sum())},
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO run_languages VALUES (?, ?, ?)", [(number, p, code) for p, code in enumerate(run.languages)]
        )
        connection.executemany(
            "INSERT INTO layers VALUES (?, ?, 'decoder', ?, ?, NULL)", [(number, i, i, d) for i in range(L)]
        )
        connection.execute("INSERT INTO notes VALUES (?, 'data', 'The second halves hold every other text.')", [number])
        for table, columns in _columns(run).items():
            _insert(connection, table, number, columns)
    return path


def _columns(run: CorpusRun) -> dict[str, list[Any]]:
    """Columns of each table, without that of the run; only halves that have tokens."""
    P, L, d = run.shape
    codes = np.array(run.languages)
    half, p, layer, neuron = (axis.ravel() for axis in np.indices((2, P, L, d)))
    kept = run.n_tokens[half, p] > 0
    negative = run.n_tokens[:, :, None, None] - run.positive
    activity = [codes[p], half, layer, neuron, run.active.ravel(), run.positive.ravel(), negative.ravel()]
    h, q = (axis.ravel() for axis in np.indices((2, P)))
    some = run.n_tokens[h, q] > 0
    corpora = [codes[q], h, 4 + q, 8 + 2 * q, run.n_tokens.ravel(), run.n_loss.ravel(),
               *(total.ravel() for total in run.losses)]  # fmt: skip
    tables = {
        "corpora": [column[some] for column in corpora],
        "neuron_activity": [column[kept] for column in activity],
    }
    p, layer, neuron = (axis.ravel() for axis in np.indices((P, L, d)))
    tables["neuron_moments"] = [codes[p], layer, neuron, *(total.ravel() for total in run.sums)]
    if P > 1:
        tables["neuron_precision"] = [codes[p], layer, neuron, *(part.ravel() for part in run.precision)]
    return tables


def _insert(connection: duckdb.DuckDBPyConnection, table: str, number: int, columns: list[Any]) -> None:
    names = list(schema.columns(table))
    values = [np.full(len(columns[0]), number), *columns]
    connection.register("incoming", pa.table(dict(zip(names, map(pa.array, values), strict=True))))
    connection.execute(f"INSERT INTO {table} SELECT * FROM incoming")
    connection.unregister("incoming")


def corpus_file(path: Path, *runs: CorpusRun) -> Path:
    """A results file with these runs, numbered from 1."""
    schema.create(path)
    for number, run in enumerate(runs, 1):
        add_corpus(path, run, number)
    return path
