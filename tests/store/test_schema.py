"""The layout of the file: documented, creatable by several processes at once, readable by DuckDB 1.4."""

import threading
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from neurontui.store.errors import StoreError
from neurontui.store.schema import columns, create, layout, layout_of, shard_schema, shard_tables, tables_of_a_run


def test_every_table_view_and_column_has_a_comment(results: Path) -> None:
    create(results)
    with duckdb.connect(str(results), read_only=True) as connection:
        silent = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL "
            "UNION ALL SELECT table_name, '' FROM duckdb_tables() WHERE comment IS NULL "
            "UNION ALL SELECT view_name, '' FROM duckdb_views() WHERE NOT internal AND comment IS NULL"
        ).fetchall()
        [(storage, block)] = connection.execute(
            "SELECT tags['storage_version'], block_size FROM duckdb_databases(), pragma_database_size() "
            "WHERE NOT internal"
        ).fetchall()
    assert silent == []
    assert storage.startswith("v1.4.0")
    assert block == 65536


def test_the_layout_is_that_of_a_file(results: Path) -> None:
    create(results)
    with duckdb.connect(str(results), read_only=True) as connection:
        made = layout_of(connection, "results")
    assert {table: list(columns) for table, columns in layout().items()} == {
        table: list(columns) for table, columns in made.items()
    }
    for table in (*tables_of_a_run(), "meta", "languages"):
        assert layout()[table] == made[table]


def test_a_file_that_is_there_stays(results: Path) -> None:
    create(results)
    with duckdb.connect(str(results)) as connection:
        connection.execute("INSERT INTO notes VALUES (1, 'data', 'mine')")
    create(results)
    with duckdb.connect(str(results)) as connection:
        assert connection.execute("SELECT text FROM notes").fetchall() == [("mine",)]


def test_several_may_create_it_at_once(results: Path) -> None:
    threads = [threading.Thread(target=create, args=(results,)) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [each.name for each in results.parent.iterdir()] == [results.name]
    with duckdb.connect(str(results), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM meta").fetchall() == [(3,)]


def test_a_folder_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="choose a writable folder"):
        create(tmp_path / "absent" / "results.duckdb")


def test_shards_have_the_columns_of_their_tables() -> None:
    for table in shard_tables():
        names = shard_schema(table).names
        wanted = [name for name in columns(table) if name != "run"]
        assert names == (wanted if table != "layers" else ["layer", "n_near_zero"])
    assert shard_schema("attribution").field("type").type == pa.string()
    assert shard_schema("activations").field("mask").type == pa.uint64()
    with pytest.raises(StoreError):
        shard_schema("runs")
    assert columns("nonsense") == ()


def test_what_carries_a_run_is_known() -> None:
    with_run = {table for table, found in layout().items() if "run" in found}
    assert set(tables_of_a_run()) == with_run - {"neurons", "ablation"}


def test_reference_data_name_the_papers_languages(results: Path) -> None:
    create(results)
    with duckdb.connect(str(results), read_only=True) as connection:
        known = dict(connection.execute("SELECT code, bloom_share FROM languages").fetchall())
    assert {"en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh"} <= set(known)
    assert (known["en"], known["de"], known["th"]) == (30.3, None, None)
    assert sum(share or 0 for share in known.values()) < 100
