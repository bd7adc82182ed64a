"""Queries over the shards of a journal, before its run is merged."""

from pathlib import Path

import duckdb

from neurontui.store.journal.journal import Journal
from neurontui.store.plain_paths import parquet, plain_folder

Neurons = list[tuple[int, int]]
"""(layer, neuron) pairs."""

_TOP = "SELECT DISTINCT layer, neuron FROM {files}"

_PERSISTENT = """
WITH typed AS (
    SELECT layer, neuron, CASE WHEN mask = 0 THEN 0 WHEN mask = $all_mask THEN 3
        WHEN mask & (mask - 1) = 0 THEN 1 ELSE 2 END AS type, count(*) AS n
    FROM {files}
    GROUP BY ALL
)
SELECT layer, neuron FROM typed
QUALIFY row_number() OVER (PARTITION BY layer, type ORDER BY n DESC, neuron) <= $per_type
"""


def top_neurons(journal: Journal) -> Neurons:
    """Neurons in the table top_neurons."""
    with plain_folder(journal.path) as folder, duckdb.connect() as connection:
        return connection.execute(_TOP.format(files=_shards(folder, "top_neurons"))).fetchall()


def persistent_neurons(journal: Journal, per_type: int) -> Neurons:
    """For each layer and type, the `per_type` neurons that have the type in most examples."""
    with plain_folder(journal.path) as folder, duckdb.connect() as connection:
        return connection.execute(
            _PERSISTENT.format(files=_shards(folder, "activations")),
            {"all_mask": journal.manifest.all_mask, "per_type": per_type},
        ).fetchall()


def _shards(journal: Path, table: str) -> str:
    return parquet(sorted(journal.glob(f"batch-*/{table}.parquet")))
