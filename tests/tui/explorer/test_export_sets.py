"""Neurons on a screen are saved as a set beside the results file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from textual.widgets import OptionList

from neurontui.queries import open_results
from neurontui.store.neuron_sets.folder import read_set
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.export_sets import neurons_in
from tests.tui.driving import WIDE, press, settle, until


async def test_rows_of_the_sql_screen_become_a_set(
    store: Path, tmp_path: Path, explorer: Callable[..., Explorer]
) -> None:
    results = Path(shutil.copy(store, tmp_path / "results.duckdb"))
    sql = "SELECT layer, position AS neuron, 'de' AS language, 0.5 AS score FROM layers WHERE run = 1"
    app = explorer(results)
    async with app.run_test(size=WIDE) as pilot:
        app.session.pending_sql = sql
        await press(pilot, "9")
        await press(pilot, "escape")
        for name in ("sql", "sql-2"):
            await pilot.press("e")
            await pilot.pause()
            options = app.screen.query_one(OptionList)
            await pilot.press("s", "e")
            assert str(options.get_option_at_index(options.highlighted or 0).prompt).startswith("set")
            await pilot.press("enter")
            await until(pilot, Path(f"{results}.sets/{name}.csv").exists)
            await settle(pilot)

    saved = read_set(results, "sql-2")
    with open_results(results) as opened:
        rows = opened.sql(sql).to_pylist()
        model = opened.runs().to_pylist()[0]["model"]
    assert saved.neurons == tuple((row["layer"], row["neuron"], "de") for row in rows)
    assert len(saved.neurons) > 1
    assert (saved.description.model, len(saved.description.layers)) == (model, len(rows))
    assert saved.description.source.startswith("explorer: sql, run 1 (")


def test_which_tables_are_sets() -> None:
    table = pa.table({"layer": [0], "neuron": [1], "language": ["de"]})
    named = neurons_in(table, own_sql=False)
    assert named is not None
    assert named.column_names == ["layer", "neuron"], "a language of a named query can be that of the input"
    assert neurons_in(table, own_sql=True) == table
    assert neurons_in(table.append_column("run", [[1]]), own_sql=True) is None
    assert neurons_in(table.select(["layer"]), own_sql=True) is None
