"""What is measured once a run instead of once a batch: the tokens behind its most telling neurons."""

from pathlib import Path

import duckdb
import pyarrow as pa

from neurontui.compute.config import RunConfig
from neurontui.compute.measures.vocabulary import vocabulary_tables
from neurontui.compute.models.loaded import LoadedModel
from neurontui.store.journal import Journal

PERSISTENT = 20
"""How many neurons of each type and layer count as the most persistent."""

_TOP = "SELECT DISTINCT layer, neuron FROM read_parquet($top)"

_PERSISTENT = """
WITH typed AS (
    SELECT layer, neuron, CASE WHEN mask = 0 THEN 0 WHEN mask = $all_mask THEN 3
        WHEN mask & (mask - 1) = 0 THEN 1 ELSE 2 END AS type, count(*) AS n
    FROM read_parquet($activations)
    GROUP BY ALL
)
SELECT layer, neuron FROM typed
QUALIFY row_number() OVER (PARTITION BY layer, type ORDER BY n DESC, neuron) <= $persistent
"""


def final_tables(config: RunConfig, loaded: LoadedModel, journal: Journal) -> dict[str, pa.Table]:
    """neuron_vocabulary for the neurons in top_neurons and those that keep each type longest."""
    if not {"contribution", "attribution"} & set(config.measures):
        return {}
    top = _shards(journal.path, "top_neurons")
    activations = _shards(journal.path, "activations")
    with duckdb.connect() as connection:
        pairs = set(connection.execute(_TOP, {"top": top}).fetchall())
        persistent = connection.execute(
            _PERSISTENT,
            {
                "activations": activations,
                "all_mask": journal.manifest.all_mask,
                "persistent": PERSISTENT,
            },
        ).fetchall()
    return vocabulary_tables(loaded, sorted(pairs | set(persistent)))


def _shards(journal: Path, table: str) -> list[str]:
    return [str(each) for each in sorted(journal.glob(f"batch-*/{table}.parquet"))]
