"""Queries over the shards of a journal, before its run is merged."""

from pathlib import Path

import duckdb

from neurontui.store.journal.journal import Journal
from neurontui.store.plain_paths import parquet, plain_folder

Neurons = list[tuple[int, int]]
"""(layer, neuron) pairs."""

_BY_RANK = """
WITH typed AS (
    SELECT layer, neuron, CASE WHEN mask = 0 THEN 0 WHEN mask = $all_mask THEN 3
        WHEN mask & (mask - 1) = 0 THEN 1 ELSE 2 END AS type, count(*) AS n
    FROM {activations}
    GROUP BY ALL
), persistent AS (
    SELECT layer, neuron, 4 * row_number() OVER (PARTITION BY layer, type ORDER BY n DESC, neuron) AS position
    FROM typed
    QUALIFY position <= 4 * $per_type
), contributing AS (
    -- rounded, because a sum of doubles depends on the order of threads
    SELECT layer, neuron, row_number() OVER (
        PARTITION BY layer ORDER BY round(sum(cs::DOUBLE), 6) DESC, neuron) AS position
    FROM {top_neurons}
    GROUP BY layer, neuron
), candidates AS (
    SELECT layer, neuron, min(position) AS position
    FROM (FROM persistent UNION ALL FROM contributing)
    GROUP BY layer, neuron
)
SELECT layer, neuron FROM candidates
QUALIFY row_number() OVER (PARTITION BY layer ORDER BY position, neuron) <= $per_layer
"""


def neurons_by_rank(journal: Journal, per_type: int, per_layer: int) -> Neurons:
    """At most `per_layer` neurons of each layer: those with the largest contribution scores and the most persistent.

    Contribution is the sum of the scores in top_neurons. Persistent are the `per_type` neurons of each type that have
    it in most examples; the n-th of a type ranks like the 4n-th by contribution.
    """
    with plain_folder(journal.path) as folder, duckdb.connect() as connection:
        sources = {name: _shards(folder, name) for name in ("activations", "top_neurons")}
        values = {"all_mask": journal.manifest.all_mask, "per_type": per_type, "per_layer": per_layer}
        return connection.execute(_BY_RANK.format(**sources), values).fetchall()


def _shards(journal: Path, table: str) -> str:
    return parquet(sorted(journal.glob(f"batch-*/{table}.parquet")))
