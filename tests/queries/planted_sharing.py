"""A results file with given sharing: each pair of languages has its own number of shared neurons."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store import schema

Array = NDArray[Any]
ACTIVE, NEURONS = 100_000, 3_000_000
"""Neuron × example pairs active in each language, and all of them."""


def write_sharing(path: Path, codes: tuple[str, ...], shared: Array) -> Path:
    """One run with one layer and fold; `shared` is (P, P) pairs active in exactly two languages, symmetric."""
    counts = {1 << i | 1 << j: int(shared[i, j]) for i in range(len(codes)) for j in range(i)}
    for i in range(len(codes)):
        counts[1 << i] = ACTIVE - sum(n for mask, n in counts.items() if mask >> i & 1)
    counts[0] = NEURONS - sum(counts.values())
    assert min(counts.values()) >= 0
    schema.create(path)
    rows = pa.table({"mask": pa.array(list(counts), pa.uint64()), "n": pa.array(list(counts.values()), pa.int64())})
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "INSERT INTO runs SELECT 1, 'k', 'n', 'm', NULL, 'bloom', 't', NULL, 0, ?, ?, 0, "
            "'float32', 'cpu', 0, '{}', '{}', now()::TIMESTAMP, 1, 1",
            [list(codes), (1 << len(codes)) - 1],
        )
        connection.executemany("INSERT INTO run_languages VALUES (1, ?, ?)", [list(pair) for pair in enumerate(codes)])
        connection.execute("INSERT INTO layers VALUES (1, 0, 'decoder', 0, 64, 0)")
        connection.register("rows", rows)
        connection.execute("INSERT INTO mask_histogram SELECT 1, 0, 'last', 0, 0, mask, n FROM rows")
    return path


def symmetric(rng: np.random.Generator, P: int) -> Array:
    """(P, P) uniform between 0 and 1; 0 on the diagonal."""
    upper = np.triu(rng.uniform(size=(P, P)), 1)
    return upper + upper.T


def uneven(rng: np.random.Generator, P: int) -> Array:
    """(P, P) with languages that are close to all others, and some that are far from all: pairs are not independent."""
    effects = rng.uniform(size=P)
    values = (effects[:, None] + effects + 0.2 * symmetric(rng, P)) / 2.2
    np.fill_diagonal(values, 0)
    return values


def distance_table(codes: tuple[str, ...], matrices: dict[str, Array]) -> pa.Table:
    """The table `language_distances` with these (P, P) distances; nan is unknown."""
    rows = [
        {"language": a, "other": b, "kind": kind, "distance": None if np.isnan(m[i, j]) else float(m[i, j])}
        for kind, m in matrices.items()
        for i, a in enumerate(codes)
        for j, b in enumerate(codes)
        if i != j
    ]
    types = [(name, pa.float64() if name == "distance" else pa.string()) for name in rows[0]]
    return pa.Table.from_pylist(rows, pa.schema(types))
