"""What is copied and exported: every run that is compared, and every form of a query that a screen shows."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import NARROW, page_of, press, settle


def rows_of(text: str, delimiter: str = "\t") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


async def test_a_comparison_is_copied_with_both_runs(explorer: Callable[..., Explorer], tmp_path: Path) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "c")
        await pilot.press("down", "enter")
        await settle(pilot)
        await press(pilot, "y")
        [copied] = (tmp_path / "data/neurontui/copies").glob("type-ratio-by-layer*.tsv")
        rows = rows_of(copied.read_text(encoding="utf-8"))
        first, second = app.session.run, app.session.second
        assert first is not None
        assert second is not None
        for run in (first, second):
            own = [row for row in rows if row["run"] == str(run.number)]
            assert {row["run_name"] for row in own} == {run.name}
            common = [code for code in first.languages if code in second.languages]
            results = app.session.query_runner.results
            stored = results.query("type-ratio-by-layer", run=run.number, languages=common, threshold=0.0)
            assert [float(row["ratio"]) for row in own] == stored.column("ratio").to_pylist()
        await press(pilot, "d")
        compared = page_of(pilot).tables()["compare-runs"]
        assert set(compared.column("other_run_name").to_pylist()) == {second.name}
        assert set(compared.column("run_name").to_pylist()) == {first.name}


async def test_a_query_shown_in_two_forms_is_exported_in_both(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        expected = {
            "5": {"type-persistence", "type-persistence-by-layer"},
            "3": {"partial-sharing-with", "partial-sharing-with-all-layers"},
        }
        for key, names in expected.items():
            await press(pilot, key, *(["right"] if key == "3" else []))
            tables = page_of(pilot).tables()
            assert names <= tables.keys()
            whole, by_layer = sorted((tables[name] for name in names), key=lambda table: table.num_rows)
            assert whole.num_rows < by_layer.num_rows
            assert isinstance(whole, pa.Table)
            assert "run" not in whole.column_names, "one run needs no column"
