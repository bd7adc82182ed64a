"""Folders whose names DuckDB would take for patterns or columns: the journal's own shards are read, and no others."""

from pathlib import Path

import duckdb
import pytest

from neurontui.compute.measures.vocabulary_neurons import neurons_for_vocabulary
from neurontui.store.journal.journal import Journal
from neurontui.store.merge.merge import merge
from tests.tui.sample import Plan, journalled

SMALL = Plan(examples=6, neurons=16, layers=3, ablation=False)
OTHER = Plan(examples=6, neurons=16, layers=3, ablation=False, seed=9)


def _measure(folder: Path, plan: Plan) -> tuple[list[tuple[int, int]], list[object]]:
    """A run measured into a folder: the neurons chosen for the vocabulary, and the masks merged."""
    folder.mkdir()
    path = folder / "r.duckdb"
    manifest, tables = journalled(plan)
    with Journal.open(path, manifest) as journal:
        journal.write(0, tables, seconds=1.0, tokens=10)
        chosen = neurons_for_vocabulary(journal, per_layer=16)
    merge(journal.path, path)
    with duckdb.connect(str(path), read_only=True) as connection:
        masks = "SELECT example, layer, neuron, mask FROM activations ORDER BY ALL"
        return chosen, list(connection.execute(masks).fetchall())


def _leave_journal(folder: Path, plan: Plan) -> None:
    """A run in a folder whose name fits the pattern, measured and not merged."""
    folder.mkdir()
    manifest, tables = journalled(plan)
    with Journal.open(folder / "r.duckdb", manifest) as journal:
        journal.write(0, tables, seconds=1.0, tokens=10)


@pytest.mark.parametrize(
    ("name", "neighbor"),
    [("a[1]", "a1"), ("b*", "bb"), ("e[!a]", "eb"), ("layer=1", "k"), ("it's", "s")],
)
def test_a_journal_is_read_whatever_its_folder_is_called(tmp_path: Path, name: str, neighbor: str) -> None:
    expected = _measure(tmp_path / "plain", SMALL)
    _leave_journal(tmp_path / neighbor, OTHER)
    assert _measure(tmp_path / name, SMALL) == expected
