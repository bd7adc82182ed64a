"""Sections on interventions: their numbers are those of the queries, and runs without them have no section."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.tui.charts.figure.plot import draw
from neurontui.tui.charts.model import Chart, Matrix
from neurontui.tui.report.build import _made
from neurontui.tui.report.model import Block, Figure, Table
from neurontui.tui.report.numbers import tables
from neurontui.tui.report.run import Run, read_run
from neurontui.tui.report.sections import interventions as sections
from neurontui.tui.report.sections.steering import steering
from neurontui.tui.report.sections.truth import truth
from tests.queries.selected_stores import LANGUAGES
from tests.tui.intervention_stores import KINDS

MAKERS = (sections.off_target, sections.agreement, sections.patching, steering, truth)
TITLES = {
    "selected": ["Whose neurons matter for which language: selected by lape, value 0"],
    "steered": [
        "Steering to de: neurons selected by lape, add",
        "Steering to de: neurons selected by lape, scale",
        "Steering to fr: neurons selected by lape, mean-of",
    ],
    "valued": [
        "Do the values of the intervention agree?",
        "Which layers carry what depends on the language",
        "Do scores predict what neurons do?",
    ],
    "truth": ["Do scores predict what neurons do?"],
}


@pytest.fixture(scope="module")
def opened(interventions: dict[str, Path]) -> Iterator[dict[str, tuple[Results, Run]]]:
    files = {kind: open_results(path) for kind, path in interventions.items()}
    yield {kind: (results, read_run(results, results.runs().to_pylist()[0])) for kind, results in files.items()}
    for results in files.values():
        results.close()


def blocks_of(made: tuple[Results, Run]) -> tuple[Block, ...]:
    return _made(*made, MAKERS)


def figure_of(made: tuple[Results, Run], title: str) -> Figure:
    return next(block for block in blocks_of(made) if isinstance(block, Figure) and block.title.startswith(title))


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_has_the_figures_of_what_it_measured(opened: dict[str, tuple[Results, Run]], kind: str) -> None:
    figures = [block for block in blocks_of(opened[kind]) if isinstance(block, Figure)]
    more = ("Whose neurons", "Do the values") if kind == "steered" else ()  # its sets and values, which are no zeros
    assert [figure.title for figure in figures if not figure.title.startswith(more)] == TITLES[kind]
    for figure in figures:
        assert draw(figure).startswith("<svg ")
        assert figure.caption.endswith(".")
        assert figure.query.startswith("neurontui query ")
        assert all(table.rows for table in tables(figure))


def test_the_matrix_has_the_numbers_of_its_query(opened: dict[str, tuple[Results, Run]]) -> None:
    figure = figure_of(opened["selected"], "Whose neurons")
    rows = opened["selected"][0].query("off-target").to_pylist()
    for panel, column in zip(figure.panels, ("difference", "change", "control"), strict=True):
        assert isinstance(panel, Matrix)
        expected = [[r[column] for r in rows if r["set_language"] == code] for code in LANGUAGES]
        assert np.allclose(np.array(panel.values, float), expected)
        assert panel.rows[0] == "en 2.0|2.0 %"


def test_pairs_of_values_have_their_correlation_and_its_ends(opened: dict[str, tuple[Results, Run]]) -> None:
    table = next(block for block in blocks_of(opened["valued"]) if isinstance(block, Table))
    rows = [r for r in opened["valued"][0].query("intervention-agreement").to_pylist() if r["label"] is None]
    assert [line[0].text for line in table.rows] == [f"{r['value']} and {r['other']}" for r in rows]
    for line, row in zip(table.rows, rows, strict=True):
        assert line[4].text == f"{row['correlation']:.2f}".replace("-", "−")
        ends = f"{row['correlation_low']:.2f} to {row['correlation_high']:.2f}".replace("-", "−")
        assert line[5].text == ends


def test_patches_and_truth_say_what_all_layers_together_do(opened: dict[str, tuple[Results, Run]]) -> None:
    caption = figure_of(opened["valued"], "Which layers").caption
    rows = opened["valued"][0].query("patching").to_pylist()
    for row in rows:
        if row["layer"] is None and row["language"] is None:
            assert f"from {row['source']} {row['change']:.2f}".replace("-", "−") in caption
    table = next(block for block in blocks_of(opened["truth"]) if isinstance(block, Table))
    whole = [r for r in opened["truth"][0].query("attribution-truth").to_pylist() if r["layer"] is None]
    for line, row in zip(table.rows, whole, strict=True):
        assert line[1].text.startswith(f"{row['correlation']:.2f} (".replace("-", "−"))
        assert line[2].text.startswith(f"{row['size']:.2f} (".replace("-", "−"))


def test_steering_says_sizes_and_outputs_of_unknown_language(opened: dict[str, tuple[Results, Run]]) -> None:
    figure = figure_of(opened["steered"], "Steering to de: neurons selected by lape, scale")
    assert "Not matched: set 0.40 %, control 0.60 % of all neurons" in figure.caption
    assert "Language undetermined, at most: set" in figure.caption
    assert [panel.title for panel in figure.panels] == [
        "language of the outputs",
        "answers",
        "log-probability of the answer",
    ]
    assert all(isinstance(panel, Chart) for panel in figure.panels)
