"""Tables of a report on distances and on agreement, against the queries."""

from pathlib import Path

import pytest

from neurontui.queries import open_results
from neurontui.tui.report.model import Table, Text
from neurontui.tui.report.run import read_run
from neurontui.tui.report.sections.agreement import of_halves, of_runs
from neurontui.tui.report.sections.languages import by_distance
from tests.queries.raw_run import make_run, write_runs


def _texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_distances_that_are_not_known_have_no_row(tmp_path: Path) -> None:
    runs = (make_run(1, "known"), make_run(2, "unknown", ("aaa-b", "xx", "yyy")), make_run(3, "two", ("en", "de")))
    with open_results(write_runs(tmp_path / "r.duckdb", *runs)) as results:
        first, second, third = (by_distance(results, read_run(results, row)) for row in results.runs().to_pylist())
        rows = results.query("sharing-by-distance", run=1).to_pylist()
    assert isinstance(first, Table)
    known = [row for row in rows if row["correlation"] is not None]
    assert [row[:3] for row in _texts(first)] == [
        [row["distance"], str(row["n_languages"]), str(row["n_pairs"])] for row in known
    ]
    for text, row in zip(_texts(first), known, strict=True):
        assert float(text[3].split()[0].replace("−", "-")) == pytest.approx(row["correlation"], abs=0.006)
    assert isinstance(second, Text)
    assert "No distance" in second.text
    assert isinstance(third, Text)


def test_halves_and_runs_of_one_model_are_compared(tmp_path: Path) -> None:
    runs = (make_run(1, "a"), make_run(2, "b", ("zh", "en", "ru")), make_run(3, "c", model="other"))
    with open_results(write_runs(tmp_path / "r.duckdb", *runs)) as results:
        opened = [read_run(results, row) for row in results.runs().to_pylist()]
        halves, (across,) = of_halves(results, opened[0]), of_runs(results, opened)
        none = of_runs(results, opened[1:])
        own = {row["measure"]: row for row in results.query("sharing-reliability", run=1).to_pylist()}
        pair = {row["measure"]: row for row in results.query("sharing-reliability", run=1, other=2).to_pylist()}
    assert isinstance(halves, Table)
    assert isinstance(across, Table)
    assert none == []
    by_name = {row[0]: row for row in _texts(halves)}
    assert by_name["φ"][2] == f"{own['phi']['spearman']:.3f}".replace("-", "−")
    assert by_name["φ"][3] == f"{own['phi']['spearman_brown']:.3f}".replace("-", "−")
    (row,) = _texts(across)
    assert row[:3] == ["1  a", "2  b", "3"]
    assert row[3] == f"{pair['phi']['spearman']:.2f}".replace("-", "−")
    assert row[4].split(" / ")[0] == f"{own['phi']['spearman']:.2f}".replace("-", "−")
