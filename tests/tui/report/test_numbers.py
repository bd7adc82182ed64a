"""Every panel of a report shows what its title says, compared with NumPy on the raw run."""

import numpy as np
import pytest

from neurontui.tui.charts.model import Bars, Chart, Dots, Matrix
from neurontui.tui.report.model import Figure
from tests.queries.reference import active, jackknife, type_ratio, types
from tests.tui.report.conftest import Made, figures_of

pytestmark = pytest.mark.xdist_group("report")  # one worker builds the store and the report

NAMES = ("all-shared", "partial-shared", "specific", "non-activated")


@pytest.fixture(scope="module")
def figures(made: Made) -> dict[str, Figure]:
    return {figure.slug: figure for section in made.report.sections for figure in figures_of(section)}


def charts(figure: Figure) -> dict[str, Chart]:
    """The charts of a figure by their titles."""
    assert all(isinstance(panel, Chart) for panel in figure.panels)
    return {panel.title: panel for panel in figure.panels if isinstance(panel, Chart)}


def shown(chart: Chart) -> dict[str, list[float]]:
    return {series.letter: [np.nan if v is None else v for v in series.values] for series in chart.series}


def test_a_panel_a_language_holds_that_languages_top_neurons(made: Made, figures: dict[str, Figure]) -> None:
    run = made.runs[0]
    panels = charts(figures["run-1-top"])
    assert list(panels) == list(run.languages)
    for read, code in enumerate(run.languages):
        for name in NAMES:
            expected = []
            for layer in range(3):
                top, own = run.top(layer)[:, read], types(active(run, layer, list(run.languages)))[name]
                expected.append(100 * (top & own).sum() / top.sum())
            assert shown(panels[code])[name[0].upper()] == pytest.approx(expected)


@pytest.mark.parametrize(("title", "what"), [("average of a neuron", "average"), ("total of the type", "total")])
def test_average_and_total_are_in_their_own_panels(
    made: Made, figures: dict[str, Figure], title: str, what: str
) -> None:
    run = made.runs[0]
    chart = charts(figures["run-1-contribution"])[title]
    assert not chart.stacked
    for name in NAMES:
        expected = []
        for layer in range(3):
            own = types(active(run, layer, list(run.languages)))[name][:, None, :]
            scores = 100 * run.shares(layer) * own
            n = 5 * own.sum() if what == "average" else 5 * len(run.folds)
            expected.append(scores.sum() / n if n else np.nan)
        assert shown(chart)[name[0].upper()] == pytest.approx(expected, nan_ok=True)


def test_a_panel_a_stack_holds_its_layers(made: Made, figures: dict[str, Figure]) -> None:
    run = made.runs[0]
    panels = charts(figures["run-1-types"])
    for stack, layers in (("encoder", [0]), ("decoder", [1, 2])):
        for series in panels[stack].series:
            values = [type_ratio(run, [layer], list(run.languages), series.role) for layer in layers]
            assert pytest.approx(np.array(values), rel=1e-5) == np.array([series.values, series.low, series.high]).T


def test_sharing_and_specific_neurons_are_in_their_own_panels(made: Made, figures: dict[str, Figure]) -> None:
    run = made.runs[0]
    partial, specific = (shown(chart) for chart in charts(figures["run-1-languages"]).values())
    on = [activations > 0 for activations in run.activations]
    for read, code in enumerate(run.languages):
        count = [layer.sum(axis=1) for layer in on]
        own = [100 * ((n == 1) & a[:, read]).sum() / (n == 1).sum() for n, a in zip(count, on, strict=True)]
        assert specific[code] == pytest.approx(own)
        if code != "de":
            base = [(n > 1) & (n < 5) & a[:, run.languages.index("de")] for n, a in zip(count, on, strict=True)]
            both = [100 * (b & a[:, read]).sum() / b.sum() for b, a in zip(base, on, strict=True)]
            assert partial[code] == pytest.approx(both)


def test_matrix_bars_and_dots(made: Made, figures: dict[str, Figure]) -> None:
    run = made.runs[0]
    [matrix] = figures["run-1-matrix"].panels
    assert isinstance(matrix, Matrix)
    on = np.concatenate([a > 0 for a in run.activations], axis=2)
    for row, column, value in matrix.cells():
        assert value == pytest.approx(100 * (on[:, row] & on[:, column]).sum() / on[:, row].sum())
    [bars] = figures["run-1-persistence"].panels
    assert isinstance(bars, Bars)
    assert bars.bars[0].value == pytest.approx(100 * on.all(axis=1).mean())
    assert bars.bars[1].value == pytest.approx(100 * on.all(axis=(0, 1)).mean())
    points, nats = figures["run-1-ablation"].panels
    assert isinstance(points, Dots)
    assert isinstance(nats, Dots)
    change = run.conditions[1].correct - run.conditions[0].correct
    assert points.dots[0].value == pytest.approx(100 * np.nanmean(change))
    expected = jackknife(run.blocks, lambda kept: float(100 * np.nanmean(change[kept])))
    assert (points.dots[0].low, points.dots[0].high) == pytest.approx(expected[1:], rel=1e-5)
    assert nats.dots[0].value == pytest.approx((run.conditions[1].logprob - run.conditions[0].logprob).mean())
