"""`query` and `sql` in every format: results on stdout, messages on stderr."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.conftest import DEMO_EXAMPLES
from tests.tui.cli.command_line import is_one_sentence, neurontui

TYPES = "select type, count(*) as n from neurons group by type"


def test_the_four_types_add_up_to_examples_layers_and_neurons(measured: Path) -> None:
    said = neurontui("sql", measured, TYPES, "--format", "json")

    counts = {row["type"]: row["n"] for row in json.loads(said.out)}
    assert set(counts) == {"non-activated", "specific", "partial-shared", "all-shared"}
    assert sum(counts.values()) == DEMO_EXAMPLES * 6 * 768
    assert said.code == 0
    assert said.err == ""


def test_every_format_holds_the_same_rows(measured: Path, tmp_path: Path) -> None:
    query = ("query", measured, "type-ratio-by-layer", "-p", "languages=en,de,zh")
    objects = json.loads(neurontui(*query, "--format", "json").out)
    records = list(csv.DictReader(io.StringIO(neurontui(*query, "--format", "csv").out)))
    neurontui(*query, "--format", "parquet", "--out", tmp_path / "rows.parquet")
    stored = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    markdown = neurontui(*query, "--format", "md").out.splitlines()

    assert len(objects) == 6 * 4
    assert _rounded(stored) == _rounded(objects)
    assert [float(row["ratio"]) for row in records] == [row["ratio"] for row in objects]
    assert len(markdown) == 2 + len(objects)
    assert all(line.count("|") == markdown[0].count("|") for line in markdown)


def _rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the last digits of intervals, which depend on the order in which threads add numbers."""
    return [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]


@pytest.mark.parametrize("more", [("-p", "languages=de"), ("--run", 1, "-p", "run=1")])
def test_a_parameter_that_is_given_twice_is_refused(measured: Path, more: tuple[object, ...]) -> None:
    said = neurontui("query", measured, "type-ratio", "-p", "languages=en,de,fr", *more)
    assert said.code == 2
    assert "is given twice" in said.err


def test_a_list_of_queries_names_their_figures(measured: Path) -> None:
    rows = json.loads(neurontui("query", measured, "--format", "json").out)

    named = {row["name"]: row["paper"] for row in rows}
    assert "3" in named["type-ratio-by-layer"]
    assert len(named) > 30


@pytest.mark.faults
def test_more_rows_than_memory_come_as_they_are_found(measured: Path, tmp_path: Path) -> None:
    """An endless stream ends at a time limit, or when a table is full."""
    endless = ("sql", measured, "select i from range(10000000000000) t(i)")
    shown = neurontui(*endless)
    assert shown.err == "1,000 of many more rows shown; use --format csv for all rows\n"
    for form in ("csv", "json", "md", "parquet"):
        out = tmp_path / f"rows.{form}"
        stopped = neurontui(*endless, "--seconds", "1", "--format", form, "--out", out)
        assert (stopped.code, is_one_sentence(stopped)) == (8, True), stopped.err
        assert "took longer than 1 s" in stopped.err
        assert list(tmp_path.iterdir()) == []


@pytest.mark.faults
def test_pieces_are_one_table(measured: Path, tmp_path: Path) -> None:
    rows = ("sql", measured, "select i, i / 7 as x, [i, 1] as l from range(120000) t(i)")
    neurontui(*rows, "--format", "parquet", "--out", tmp_path / "rows.parquet")
    stored = pq.read_table(tmp_path / "rows.parquet")
    assert stored["i"].to_pylist() == list(range(120_000))
    assert json.loads(neurontui(*rows, "--format", "json").out) == stored.to_pylist()
    assert len(neurontui(*rows, "--format", "csv").out.splitlines()) == 120_001
    assert len(neurontui(*rows, "--format", "md").out.splitlines()) == 120_002


def test_an_error_in_the_middle_is_reported(measured: Path) -> None:
    said = neurontui("sql", measured, "select if(i = 99999, error('halfway'), i) from range(200000) t(i)")
    assert said.code in (0, 8)  # a table needs no more than its first rows
    said = neurontui(
        "sql",
        measured,
        "select if(i = 99999, error('halfway')::BIGINT, i) from range(200000) t(i)",
        "--format",
        "csv",
    )
    assert (said.code, is_one_sentence(said)) == (8, True)
    assert "halfway" in said.err


def test_what_is_not_there_is_reported(measured: Path) -> None:
    empty = neurontui("query", measured, "find-neurons", "-p", "share=101", "--format", "csv")
    assert empty.out.startswith("layer,neuron,")
    assert empty.out.count("\n") == 1
    assert empty.err == f"no rows; `neurontui query {measured} measures` lists what was measured\n"
    misspelt = neurontui("query", measured, "type-ratio-by-lyer")
    assert "did you mean type-ratio-by-layer" in misspelt.err
    assert misspelt.code == 2


def test_a_query_says_what_it_takes_and_gives(measured: Path) -> None:
    said = neurontui("query", measured, "contribution-by-type", "--describe", "--format", "json")
    rows = {(row["part"], row["name"]): row for row in json.loads(said.out)}

    assert rows["parameter", "measure"]["kind or unit"] == "share|raw"
    assert rows["parameter", "measure"]["default"] == "share"
    assert rows["column", "average"]["kind or unit"] == "%|raw"
    assert said.err.startswith("Average and total contribution of each type (Figure 10)\n")
    assert "jackknife" in said.err
    assert neurontui("query", measured, "no-such", "--describe").code == 2


def test_sql_reads_from_standard_input(measured: Path) -> None:
    said = neurontui("sql", measured, "-", "--format", "csv", stdin="select 6 * 7 as answer")

    assert said.out == "answer\n42\n"


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("sql", "selec 1"), 8, "selec"),
        (("sql", "select * from nowhere"), 8, "nowhere"),
        (("sql", "create table t (i integer)"), 8, "read"),
        (("sql", "copy runs to 'never.csv'"), 8, ""),
        (("query", "no-such-query"), 2, "no-such-query"),
        (("query", "type-ratio-by-layer", "-p", "languages=xx"), 2, "xx"),
        (("query", "type-ratio-by-layer", "-p", "nonsense=1"), 2, "nonsense"),
        (("query", "type-ratio-by-layer", "--run", "absent"), 2, "absent"),
    ],
)
def test_what_cannot_be_asked_is_reported_in_one_sentence(
    measured: Path, arguments: tuple[str, ...], code: int, word: str
) -> None:
    command, *rest = arguments
    said = neurontui(command, measured, *rest)

    assert said.code == code, said
    assert is_one_sentence(said), said
    assert word in said.err
    assert said.out == ""


def test_output_into_a_closed_pipe_ends_quietly(measured: Path) -> None:
    import subprocess
    import sys

    line = f"'{sys.executable}' -m neurontui.tui sql '{measured}' 'from activations' --format csv | head -n 1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)

    assert done.stdout.startswith("run,example,layer,neuron,mask")
    assert done.stderr == ""
