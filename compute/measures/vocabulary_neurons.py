"""Which neurons of a run are the most telling: the tokens behind them are looked up once it is measured."""

from pathlib import Path

import duckdb

from neurontui.store.journal.journal import Journal
from neurontui.store.plain_paths import parquet, plain_folder

PERSISTENT = 20
"""How many neurons of each type and layer count as the most persistent."""

_TOP = "SELECT DISTINCT layer, neuron FROM {files}"

_PERSISTENT = """
WITH typed AS (
    SELECT layer, neuron, CASE WHEN mask = 0 THEN 0 WHEN mask = $all_mask THEN 3
        WHEN mask & (mask - 1) = 0 THEN 1 ELSE 2 END AS type, count(*) AS n
    FROM {files}
    GROUP BY ALL
)
SELECT layer, neuron FROM typed
QUALIFY row_number() OVER (PARTITION BY layer, type ORDER BY n DESC, neuron) <= $persistent
"""


def neurons_for_vocabulary(journal: Journal) -> list[tuple[int, int]]:
    """(layer, neuron) of the neurons in top_neurons and of those that keep each type longest."""
    with plain_folder(journal.path) as folder, duckdb.connect() as connection:
        top = connection.execute(_TOP.format(files=_shards(folder, "top_neurons"))).fetchall()
        persistent = connection.execute(
            _PERSISTENT.format(files=_shards(folder, "activations")),
            {"all_mask": journal.manifest.all_mask, "persistent": PERSISTENT},
        ).fetchall()
    return sorted({*top, *persistent})


def _shards(journal: Path, table: str) -> str:
    return parquet(sorted(journal.glob(f"batch-*/{table}.parquet")))
