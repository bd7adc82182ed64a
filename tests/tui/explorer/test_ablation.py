"""Views of interventions on the Ablation screen: only those that a run has, with keys to choose what they show."""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest

from neurontui.tui.explorer.export_files import chart_bytes, table_bytes
from neurontui.tui.explorer.picture_captions import caption_lines
from neurontui.tui.explorer.screens.chart_page import ChartPage
from tests.queries.raw_run import make_run, write_runs
from tests.queries.selected_stores import selected_run, write_outcomes
from tests.queries.test_interventions import conditions_of
from tests.queries.test_steering import steered
from tests.tui.driving import NARROW, explorer_of, page_of, press, settle, text_of


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with sets selected for languages, and one that was steered."""
    path = tmp_path_factory.mktemp("interventions") / "r.duckdb"
    return write_outcomes(path, selected_run(2, np.diag([-0.8, -0.6, 0, 0.7])), steered())


async def test_the_matrix_shows_both_sizes_and_its_keys_choose(chosen: Path) -> None:
    app = explorer_of(chosen)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "8", "V")
        words = text_of(app)
        assert "matrix 5/5" in words, "no view of what the run lacks"
        assert "en 2.0|2.0 %" in words
        assert "sizes: set 2.0 %, control 2.0 % of all neurons" in words
        assert "set minus control · log-probability" in words
        await press(pilot, "d")
        assert "value 0 · set · log-probability" in text_of(app)
        await press(pilot, "d", "r")
        assert "value 0 · control · generated answers, points" in text_of(app)
        [drawing] = page_of(pilot).drawings()
        assert drawing.unit == "points"
        page_of(pilot).choose_view("patching")
        page_of(pilot).update()
        await settle(pilot)
        assert "This run has no layers patched from another language" in text_of(app)
        assert "patch:en" in text_of(app), "how to measure it"
        await press(pilot, "enter")
        assert page_of(pilot).view.name == "table"  # type: ignore[attr-defined]


async def test_steering_is_shown_with_its_sizes_and_outcomes(chosen: Path) -> None:
    app = explorer_of(chosen, run=1)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "8", "V")
        words = text_of(app)
        assert "Steering to de · lape" in words
        assert "no control" in words
        await press(pilot, "w")
        assert "Not matched: set 0.40 %, control 0.60 %" in text_of(app)
        await press(pilot, "d")
        assert "change of the answers from the baseline" in text_of(app)


async def test_values_and_patches(tmp_path: Path) -> None:
    run = make_run(6)
    conditions = tuple(conditions_of(run.conditions[0]))
    path = write_runs(tmp_path / "r.duckdb", type(run)(**{**run.__dict__, "conditions": conditions}))
    app = explorer_of(path)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "8")
        assert "value all: o chooses" in text_of(app)
        whole = page_of(pilot).drawings()[0]
        await press(pilot, "o", "o")
        assert "value mean" in text_of(app)
        assert len(page_of(pilot).drawings()[0].rows) < len(whole.rows)  # type: ignore[union-attr]
        await press(pilot, "V")
        assert "from fr" in text_of(app)
        assert "all layers together" in text_of(app)
        await press(pilot, "d")
        assert "en inputs" in text_of(app)
        await press(pilot, "V")
        assert "0 and mean: same sign in" in text_of(app)


@pytest.mark.parametrize(
    ("kind", "screen", "view", "query", "drawn"),
    [
        ("selected", "8", "matrix", "off-target", "set minus control"),
        ("valued", "8", "values", "intervention-agreement", "by value"),
        ("valued", "8", "patching", "patching", "layer patched"),
        ("steered", "8", "steering", "steering", "Steering to de"),
        ("truth", "7", "exact effects", "attribution-truth", "exact effects"),
    ],
)
async def test_views_of_interventions_are_exported(
    kind: str, screen: str, view: str, query: str, drawn: str, interventions: dict[str, Path]
) -> None:
    """As a picture with its numbers, and as the rows of its query."""
    app = explorer_of(interventions[kind])
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, screen)
        page = page_of(pilot)
        assert isinstance(page, ChartPage)
        page.choose_view(view)
        page.update()
        await settle(pilot)
        drawing = page.drawings()[0]
        picture = chart_bytes(drawing, "svg", caption_lines(page, drawing)).decode()
        assert picture.startswith("<svg ")
        assert drawn in drawing.title
        assert drawing.title[:40] in picture
        assert f"n = {page.scope.run.get('n_examples')}" in picture or "inputs" in picture  # type: ignore[union-attr]
        rows = table_bytes(page.tables()[query], "csv").decode().splitlines()
        stored = app.session.query_runner.results.query(query, run=1)
        assert len(rows) == 1 + stored.num_rows
        assert rows[0].split(",")[:2] == stored.column_names[:2]


async def test_the_dose_view_says_once_how_answers_were_judged(demo_runs: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(demo_runs, tmp_path / "forced.duckdb"))
    with duckdb.connect(str(path)) as connection:
        connection.execute("""UPDATE runs SET settings = '{"ablation_judge": "teacher-forced"}'""")
    app = explorer_of(path, run=1)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "8", "v", "v", "v")
        page = page_of(pilot)
        assert isinstance(page, ChartPage)
        assert page.view.name == "dose"
        judged = {row["language"]: row["note"] for row in page.answers["judge"].to_pylist()}
        assert len(set(judged.values())) > 1, "each language has its own number"
        assert page.notes() == [judged[None]]
