"""Tables and charts as files say the same in every format."""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neurontui.store.errors import UsageError
from neurontui.tui.explorer.export_files import save, slug, table_bytes, table_text

TABLE = pa.table(
    {
        "language": ["de", "zh", None],
        "text": ['a "quoted", one', "德国\nBerlin", "pipe | and \x1b[31m"],
        "ratio": [1.5, None, 2.25],
        "codes": [["en", "de"], [], None],
        "type": pa.array(["specific", "all-shared", "specific"]).dictionary_encode(),
        "when": [datetime(2026, 1, 2, 3, 4), None, None],
        "big": [Decimal("1.25"), None, Decimal(3)],
    }
)


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(table_bytes(TABLE, "csv").decode())))
    assert rows[0]["text"] == 'a "quoted", one'
    assert rows[1]["text"] == "德国\nBerlin"
    assert rows[0]["codes"] == "en de"
    assert [row["type"] for row in rows] == ["specific", "all-shared", "specific"]


def test_json_reads_back() -> None:
    rows = json.loads(table_bytes(TABLE, "json"))
    assert rows[1]["text"] == "德国\nBerlin"
    assert rows[0]["codes"] == ["en", "de"]
    assert rows[0]["when"] == "2026-01-02T03:04:00"
    assert rows[0]["big"] == 1.25


def test_parquet_reads_back() -> None:
    assert pq.read_table(io.BytesIO(table_bytes(TABLE, "parquet"))).to_pylist() == TABLE.to_pylist()


def test_markdown_has_a_row_a_line_and_no_escape() -> None:
    lines = table_bytes(TABLE, "md").decode().splitlines()
    assert len(lines) == 2 + TABLE.num_rows
    assert all(line.replace("\\|", "").count("|") == TABLE.num_columns + 1 for line in lines)
    assert "\x1b" not in "".join(lines)


def test_an_empty_table_is_written_too() -> None:
    for kind in ("csv", "json", "md", "parquet"):
        assert isinstance(table_bytes(TABLE.slice(0, 0), kind), bytes)
    assert table_text(TABLE.slice(0, 0)).startswith("language\ttext")


def test_pasted_text_keeps_rows_and_columns() -> None:
    lines = table_text(TABLE).split("\n")
    assert [line.count("\t") for line in lines] == [TABLE.num_columns - 1] * 4


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    names = [save(tmp_path, "a/b: c", "csv", b"x").name for _ in range(3)]
    assert names == ["a-b-c.csv", "a-b-c-2.csv", "a-b-c-3.csv"]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="choose another folder"):
        save(tmp_path / "file", "name", "csv", b"")


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "\x1b]52;", "a" * 500, "德国 · Berlin", ".."])
def test_names_are_fit_for_any_file_system(name: str) -> None:
    made = slug(name)
    assert made
    assert len(made) <= 80
    assert not set(made) & set("/\\:\x1b")
    assert not made.startswith(".")
