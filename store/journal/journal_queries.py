"""Queries over the shards of a journal, before its run is merged."""

from pathlib import Path

import duckdb
import pyarrow as pa

from neurontui.store.journal.journal import Journal
from neurontui.store.plain_paths import parquet, plain_folder
from neurontui.store.schema import layout

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

_STRONGEST = """
WITH strongest AS (
    -- as the merge ranks them
    SELECT example, language, layer, neuron FROM {neuron_examples}
    QUALIFY row_number() OVER (PARTITION BY layer, neuron ORDER BY activation DESC, example, language) <= $top
), contributing AS (
    SELECT DISTINCT example, layer, neuron FROM {top_neurons} WHERE example < $examples AND rank <= $contributing
)
SELECT example, bit, layer, neuron
FROM (FROM strongest UNION SELECT example, language, layer, neuron FROM contributing, languages)
JOIN languages USING (language)
ORDER BY ALL
"""


def strongest_inputs(journal: Journal, top: int, examples: int, contributing: int) -> pa.Table:
    """Inputs (example, bit of the language) and neurons (layer, neuron), sorted.

    Of each neuron the `top` inputs at which it is most active; and all inputs of the first `examples` examples, with
    the neurons that are among the `contributing` of their layer in one of the languages.
    """
    with plain_folder(journal.path) as folder, duckdb.connect() as connection:
        codes = list(enumerate(journal.manifest.languages))
        connection.execute("CREATE TABLE languages (bit INTEGER, language VARCHAR)")
        connection.executemany("INSERT INTO languages VALUES (?, ?)", codes)
        sources = {name: _shards(folder, name) for name in ("neuron_examples", "top_neurons")}
        values = {"top": top, "examples": examples, "contributing": contributing}
        return connection.sql(_STRONGEST.format(**sources), params=values).to_arrow_table()


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
    files = sorted(journal.glob(f"batch-*/{table}.parquet"))
    if files:
        return parquet(files)
    columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in layout()[table].items() if name != "run")
    return f"(SELECT {columns} WHERE false)"
