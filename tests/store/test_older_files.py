"""Files of an earlier version, without the columns that came later, open, are queried, verified, copied and written."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from neurontui.queries import open_results
from neurontui.store.admin.export import export
from neurontui.store.admin.merge_files import combine
from neurontui.store.admin.sizes import health
from neurontui.store.admin.verify import verify
from neurontui.store.errors import StoreError
from neurontui.store.journal.shards import INDEX, read_index, write_sealed
from neurontui.store.merge.merge import merge
from neurontui.store.older_files import LATER, LATER_TABLES
from neurontui.store.reader import open_reader
from neurontui.store.schema import SCHEMA_VERSION, layout
from tests.store.conftest import measure
from tests.store.content import rows
from tests.store.made_up import MadeUp


@pytest.fixture
def older(store: Callable[..., Path]) -> Path:
    """A results file with one run, as an earlier version wrote it: with its checksums, without the later columns."""
    path = store(MadeUp())
    with duckdb.connect(str(path)) as connection:
        for table, names in LATER.items():
            connection.execute(f"UPDATE {table} SET {', '.join(f'{name} = NULL' for name in names)}")
            base = ", ".join(name for name in layout()[table] if name not in ("run", *names))
            connection.execute(
                f"UPDATE checksums SET digest = (SELECT sum(hash({base})) % {1 << 64} FROM {table}) "
                f"WHERE table_name = '{table}'"
            )
            for name in names:
                connection.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        for table in LATER_TABLES:
            connection.execute(f"DROP TABLE {table}")
            connection.execute("DELETE FROM checksums WHERE table_name = ?", [table])
        connection.execute("UPDATE meta SET value = '2' WHERE key = 'schema_version'")
        [(view,)] = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'ablation'").fetchall()
        connection.execute("DROP VIEW ablation")
        view = view.replace("'mean of all languages (earlier version)'", "'mean'")
        connection.execute(re.sub(r'EXCLUDE \(.*?\)|\(c\."target" IS NULL\) AND ', "", view))
    return path


def test_a_changed_layout_has_a_new_version() -> None:
    """A file of the same version but without a column counts as damaged. A new layout needs a new number and digest."""
    digest = hashlib.sha256(repr({table: list(columns.items()) for table, columns in layout().items()}).encode())
    assert (SCHEMA_VERSION, digest.hexdigest()[:16]) == (5, "33c856b63c2d49a8")


def known_columns(path: Path) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return {row[0] for row in connection.execute("SELECT column_name FROM (DESCRIBE examples)").fetchall()}


def test_an_older_file_opens_and_its_later_columns_are_null(older: Path) -> None:
    with open_results(older) as results:
        prompts = results.query("example-prompts", run=1, example=0).to_pylist()
        accuracy = results.query("accuracy", run=1).to_pylist()
        answers = results.sql(
            "SELECT rank, n_candidates, answer_logprob, id FROM examples WHERE example = 3"
        ).to_pylist()
    assert {row["rank"] for row in prompts} == {None}
    assert {(row["reciprocal"], row["first_chance"], row["n_ranked"]) for row in accuracy} == {(None, None, 0)}
    assert all(row["accuracy"] is not None for row in accuracy)
    assert answers == [{"rank": None, "n_candidates": None, "answer_logprob": None, "id": "id3"}] * 3
    assert "rank" not in known_columns(older)


def test_tables_that_an_older_file_lacks_are_empty(older: Path, tmp_path: Path) -> None:
    count = (
        "SELECT (SELECT count(*) FROM neuron_gradients) AS gradients, (SELECT count(*) FROM neuron_effects) AS effects"
    )
    with open_results(older) as results:
        assert results.sql(count).to_pylist() == [{"gradients": 0, "effects": 0}]
    with open_reader(older) as reader:
        assert not {"neuron_gradients", "neuron_effects"} & {size.table for size in health(reader).tables}
    new = tmp_path / "new.duckdb"
    merge(measure(MadeUp(seed=1), new), new)
    with open_results(older, new) as results:
        assert results.sql("SELECT DISTINCT run FROM neuron_effects").to_pylist() == [{"run": 2}]


def test_an_older_file_gets_the_tables_that_it_lacks_when_it_is_written(older: Path) -> None:
    merge(measure(MadeUp(seed=1), older), older)
    with duckdb.connect(str(older), read_only=True) as connection:
        kinds = connection.execute(
            "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns() "
            "WHERE table_name = 'neuron_effects' ORDER BY column_index"
        ).fetchall()
    assert [name for name, *_ in kinds] == list(layout()["neuron_effects"])
    assert all(kind == layout()["neuron_effects"][name] and comment for name, kind, _, comment in kinds)
    assert {name for name, _, nullable, _ in kinds if nullable} == {"contribution", "effective"}
    assert {row[0] for row in rows(older, "neuron_effects", 2)} != set()
    with open_reader(older) as reader:
        assert verify(reader) == []
    with duckdb.connect(str(older)) as connection:
        connection.execute("UPDATE neuron_effects SET effect = 1 WHERE run = 2 AND example = 4")
    with open_reader(older) as reader:
        assert ["neuron_effects of run 2" in sentence for sentence in verify(reader)] == [True]


def test_a_view_names_the_mean_of_an_older_file_once_it_is_written(older: Path) -> None:
    def values() -> set[str]:
        with duckdb.connect(str(older), read_only=True) as connection:
            return {row[0] for row in connection.execute("SELECT value FROM ablation WHERE run = 1").fetchall()}

    with duckdb.connect(str(older)) as connection:
        connection.execute("UPDATE conditions SET value = 'mean' WHERE condition = 1")
    assert values() == {"0", "mean"}
    merge(measure(MadeUp(seed=1), older), older)
    assert values() == {"0", "mean of all languages (earlier version)"}
    with duckdb.connect(str(older), read_only=True) as connection:
        [(comment,)] = connection.execute("SELECT comment FROM duckdb_views() WHERE view_name = 'ablation'").fetchall()
    assert comment


def test_an_older_and_a_new_file_are_read_together(older: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.duckdb"
    merge(measure(MadeUp(seed=1), new), new)
    with open_results(older, new) as results:
        ranks = results.sql("SELECT run, count(rank) AS n FROM examples GROUP BY run ORDER BY run").to_pylist()
    assert ranks[0] == {"run": 1, "n": 0}
    assert ranks[1]["n"] > 0


def test_an_older_file_is_verified_before_and_after_it_gets_the_columns(older: Path) -> None:
    with open_reader(older) as reader:
        assert verify(reader) == []
    merge(measure(MadeUp(seed=1), older), older)
    assert {"rank", "n_candidates", "answer_logprob"} <= known_columns(older)
    with open_reader(older) as reader:
        assert reader.files[0].schema_version == SCHEMA_VERSION
        assert verify(reader) == []
    assert any(row[-1] is not None for row in rows(older, "examples", 2))
    with duckdb.connect(str(older)) as connection:
        connection.execute("UPDATE examples SET rank = rank + 1 WHERE run = 2 AND example = 4 AND language = 'de'")
    with open_reader(older) as reader:
        assert ["examples of run 2" in sentence for sentence in verify(reader)] == [True]


def test_a_later_table_is_empty_and_then_filled(older: Path, tmp_path: Path) -> None:
    values = "SELECT run, count(*) AS n, sum(len(activations))::INTEGER AS values FROM neuron_token_values GROUP BY run"
    with open_results(older) as results:
        assert results.sql(values).num_rows == 0
        assert results.sql("FROM prompt_tokens").num_rows == 0
        assert "neuron_token_values" not in {table.table for table in health(open_reader(older)).tables}
    export(older, tmp_path / "parquet")
    [(n,)] = duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/parquet/neuron_token_values/*/*.parquet'").fetchall()
    assert n == 0
    new = MadeUp(seed=1)
    merge(measure(new, older), older)
    expected = {"run": 2, "n": 28, "values": 28}
    with open_results(older) as results:
        assert results.sql(values).to_pylist() == [expected]
        described = results.query("schema").to_pylist()
    assert any(row["table_name"] == "neuron_token_values" and row["comment"] for row in described)


def test_a_file_of_this_version_must_have_every_table(older: Path) -> None:
    merge(measure(MadeUp(seed=1), older), older)
    with duckdb.connect(str(older)) as connection:
        connection.execute("DROP TABLE prompt_tokens")
    with pytest.raises(StoreError, match="prompt_tokens does not have the expected columns"):
        open_reader(older)


def test_an_older_file_is_exported_and_combined(older: Path, tmp_path: Path) -> None:
    export(older, tmp_path / "parquet")
    assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/parquet/neuron_effects/*/*.parquet'").fetchall() == [(0,)]
    exported = duckdb.sql(f"SELECT count(*), count(rank) FROM '{tmp_path}/parquet/examples/*/*.parquet'").fetchall()
    combine([older], tmp_path / "combined.duckdb")
    assert exported == [(39, 0)]
    assert {row[-6:] for row in rows(tmp_path / "combined.duckdb", "examples")} == {(None,) * 6}
    with open_reader(tmp_path / "combined.duckdb") as reader:
        assert verify(reader) == []


def test_a_file_of_this_version_must_have_every_column(older: Path) -> None:
    with duckdb.connect(str(older)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION)])
    with pytest.raises(StoreError, match="examples does not have the expected columns"):
        open_reader(older)


def test_an_interrupted_run_of_an_earlier_version_is_finished(tmp_path: Path) -> None:
    results, run = tmp_path / "r.duckdb", MadeUp()
    journal = measure(run, results)
    forget_later_columns(min(journal.glob("batch-*")))
    merge(journal, results)
    logprobs = {row[0]: row[-4] for row in rows(results, "examples")}
    assert logprobs[4] is None  # in the first batch
    assert logprobs[8] == -4.0


def forget_later_columns(batch: Path) -> None:
    """A finished batch as an earlier version wrote it."""
    index = read_index(batch)
    digests = {}
    for table, names in LATER.items():
        shard = batch / f"{table}.parquet"
        if not shard.exists():  # a table that follows from the manifest
            continue
        pq.write_table(pq.read_table(shard).drop_columns(list(names)), shard, compression="zstd")
        digests[table] = hashlib.sha256(shard.read_bytes()).hexdigest()
    files = [replace(file, sha256=digests.get(file.table, file.sha256)) for file in index.files]
    write_sealed(batch / INDEX, asdict(replace(index, files=tuple(files))))
