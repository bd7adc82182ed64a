"""An interrupted run of an earlier version has batches without neuron_density: the others are not all inputs."""

from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pytest

from neurontui.store.journal.shards import INDEX, read_index, write_sealed
from neurontui.store.merge.merge import merge
from tests.store.conftest import measure
from tests.store.made_up import MadeUp


@pytest.mark.parametrize("forgotten", [False, True])
def test_counts_of_some_batches_are_left_out(tmp_path: Path, forgotten: bool) -> None:
    results = tmp_path / "r.duckdb"
    journal = measure(MadeUp(), results)
    if forgotten:
        batch = min(journal.glob("batch-*"))
        (batch / "neuron_density.parquet").unlink()
        index = read_index(batch)
        files = tuple(file for file in index.files if file.table != "neuron_density")
        write_sealed(batch / INDEX, asdict(replace(index, files=files)))
    merge(journal, results)
    with duckdb.connect(str(results)) as connection:
        [(n, inputs)] = connection.execute(
            "SELECT (SELECT sum(n) FROM neuron_density WHERE layer = 0 AND neuron = 0), (SELECT count(*) FROM examples)"
        ).fetchall()
    assert n == (None if forgotten else inputs)
