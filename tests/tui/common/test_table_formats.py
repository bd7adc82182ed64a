"""A value looks the same at every exit: files of the command line and the explorer, the clipboard, the drawn table."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from math import inf, nan
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neurontui.tui.cli import output
from neurontui.tui.explorer.export_files import table_bytes, table_text

VALUES: dict[str, tuple[pa.Array, str, Any]] = {
    "true": (pa.array([True]), "true", True),
    "false": (pa.array([False]), "false", False),
    "null": (pa.array([None], pa.int64()), "", None),
    "integer": (pa.array([1234567]), "1234567", 1234567),
    "float": (pa.array([0.25]), "0.25", 0.25),
    "not a number": (pa.array([nan]), "nan", None),
    "infinity": (pa.array([-inf]), "-inf", None),
    "decimal": (pa.array([Decimal("1.25")]), "1.25", 1.25),
    "whole decimal": (pa.array([Decimal(2**70)]), str(2**70), 2**70),
    "date": (pa.array([date(2026, 1, 2)]), "2026-01-02", "2026-01-02"),
    "timestamp": (pa.array([datetime(2026, 1, 2, 3, 4)]), "2026-01-02 03:04:00", "2026-01-02T03:04:00"),
    "enum": (pa.array(["specific"]).dictionary_encode(), "specific", "specific"),
    "bytes": (pa.array([b"\x00ab"]), "006162", "006162"),
    "list": (pa.array([["en", None, "de"]]), "en NULL de", ["en", None, "de"]),
    "list of booleans": (pa.array([[True, False]]), "true false", [True, False]),
    "list of floats": (pa.array([[0.5, nan]]), "0.5 nan", [0.5, None]),
    "empty list": (pa.array([[]], pa.list_(pa.string())), "", []),
    "nested list": (pa.array([[[1], [2, 3]]]), "[[1], [2, 3]]", [[1], [2, 3]]),
    "struct": (pa.array([{"a": nan, "b": [True]}]), '{"a": null, "b": [true]}', {"a": None, "b": [True]}),
    "map": (pa.array([[("k", 1.5)]], pa.map_(pa.string(), pa.float64())), '[["k", 1.5]]', [["k", 1.5]]),
}


def command_line(rows: pa.Table, form: str, folder: Path) -> bytes:
    """What `query` and `sql` write with --out."""
    output.write(rows, form, folder / "rows")
    return (folder / "rows").read_bytes()


def explorer(rows: pa.Table, form: str, _: Path) -> bytes:
    """What the explorer exports."""
    return table_bytes(rows, form)


def clipboard(rows: pa.Table, _: str, __: Path) -> bytes:
    """What the explorer copies."""
    return table_text(rows).encode()


Exit = Callable[[pa.Table, str, Path], bytes]
EXITS: list[tuple[Exit, str]] = [
    *((write, form) for write in (command_line, explorer) for form in ("csv", "json", "md")),
    (clipboard, "tsv"),
    (command_line, "table"),
]


def cells(content: bytes, form: str) -> list[list[Any]]:
    """Header and rows of what was written."""
    text = content.decode()
    if form == "json":
        rows = json.loads(text, parse_constant=pytest.fail)
        return [list(rows[0]), *(list(row.values()) for row in rows)]
    if form in ("csv", "tsv"):
        quoting = csv.QUOTE_MINIMAL if form == "csv" else csv.QUOTE_NONE
        return list(csv.reader(io.StringIO(text), delimiter="," if form == "csv" else "\t", quoting=quoting))
    lines = text.splitlines()
    rows = [line.strip("|").split("|" if form == "md" else "│") for line in (lines[0].replace("┃", "│"), *lines[2:])]
    return [[cell.strip().replace("\\\\", "\\") for cell in row] for row in rows]


@pytest.mark.parametrize(("write", "form"), EXITS)
def test_a_value_looks_the_same_everywhere(write: Exit, form: str, tmp_path: Path) -> None:
    for name, (array, text, value) in VALUES.items():
        rows = pa.table({"before": ["x"], "value": array, "after": ["y"]})
        header, row = cells(write(rows, form, tmp_path), form)
        assert header == ["before", "value", "after"]
        assert row == ["x", value if form == "json" else text, "y"], name


@pytest.mark.parametrize(("write", "form"), [*EXITS, (command_line, "parquet"), (explorer, "parquet")])
def test_columns_with_the_same_name_are_distinguished(write: Exit, form: str, tmp_path: Path) -> None:
    rows = pa.Table.from_arrays([pa.array([n]) for n in (1, 2, 3, 4)], names=["a", "a_1", "a", "b"])
    content = write(rows, form, tmp_path)
    if form == "parquet":
        assert pq.read_table(io.BytesIO(content)).to_pylist() == [{"a": 1, "a_1": 2, "a_2": 3, "b": 4}]
        return
    header, row = cells(content, form)
    assert header == ["a", "a_1", "a_2", "b"]
    assert [int(cell) for cell in row] == [1, 2, 3, 4]


@pytest.mark.parametrize("write", [command_line, explorer])
def test_parquet_keeps_every_type(write: Exit, tmp_path: Path) -> None:
    columns = {name: array for name, (array, _, _) in VALUES.items() if name != "not a number"}
    rows = pa.table(columns)
    stored = pq.read_table(io.BytesIO(write(rows, "parquet", tmp_path)))
    assert repr(stored.to_pylist()) == repr(rows.to_pylist())


def test_csv_keeps_every_digit_and_tables_for_people_round() -> None:
    rows = pa.table({"x": [1 / 3], "y": [12345.678]})
    assert table_bytes(rows, "csv") == b"x,y\n0.3333333333333333,12345.678\n"
    assert table_text(rows) == "x\ty\n0.3333333333333333\t12345.678"
    assert b"| 0.3333 | 12,345.7 |" in table_bytes(rows, "md")


def test_duckdb_reads_what_was_written(tmp_path: Path) -> None:
    """csv, json and parquet of one table are the same table to DuckDB."""
    rows = pa.table({"flag": [True, None, False], "x": [0.1, nan, None], "when": [datetime(2026, 1, 2, 3, 4)] * 3})
    read = []
    for form, reader in (("csv", "read_csv"), ("json", "read_json"), ("parquet", "read_parquet")):
        (tmp_path / f"rows.{form}").write_bytes(table_bytes(rows, form))
        query = f"SELECT flag, if(isnan(x), NULL, x), \"when\"::TIMESTAMP FROM {reader}('{tmp_path}/rows.{form}')"
        with duckdb.connect() as connection:
            read.append(connection.sql(query).fetchall())
    assert read[0] == read[1] == read[2]


def test_pieces_are_one_file() -> None:
    from neurontui.tui.common.table_formats import encoded

    def pieces() -> Iterator[pa.Table]:
        yield from (pa.table({"i": [n], "l": [[n, None]]}) for n in range(3))

    assert b"".join(encoded(pieces(), "csv")) == b"i,l\n0,0 NULL\n1,1 NULL\n2,2 NULL\n"
    assert [row["i"] for row in json.loads(b"".join(encoded(pieces(), "json")))] == [0, 1, 2]
    assert b"".join(encoded(pieces(), "tsv")).count(b"i\tl") == 1
