"""Ticks are round, whole and in order."""

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.tui.charts.model import Chart, spaced
from neurontui.tui.charts.terminal.axes import Plot
from neurontui.tui.charts.terminal.scale import layer_ticks, stack_scale, value_scale

finite = st.floats(-1e6, 1e6)


@settings(deadline=None)  # the machine may be busy
@given(finite, finite, st.integers(3, 60))
def test_the_scale_holds_both_values_and_its_ticks_are_even(a: float, b: float, rows: int) -> None:
    low, high = min(a, b), max(a, b)
    scale = value_scale(low, high, rows)
    slack = 1e-6 * max(abs(low), abs(high), 1)
    assert scale.low <= low + slack
    assert scale.high >= high - slack
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= min(20, rows), "every tick has a row of its own"
    steps = [second - first for first, second in pairwise(scale.ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-6) for step in steps)


def test_nonsense_still_gives_a_scale() -> None:
    for low, high in ((math.nan, 1.0), (0.0, math.inf), (5.0, 5.0), (0.0, 0.0), (999999.9999999999, 1e6)):
        scale = value_scale(low, high, 10)
        assert math.isfinite(scale.low)
        assert scale.low < scale.high


def test_a_stack_has_its_ticks_on_edges_of_rows() -> None:
    assert stack_scale(100.0, 20).ticks == tuple(float(v) for v in range(0, 101, 10))
    assert stack_scale(100.0, 10).ticks == (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)


def plot_of(n: int, columns: int, x: tuple[float, ...] = ()) -> Plot:
    chart = Chart("", tuple(str(i) for i in range(n)), (), x=x)
    return Plot(0, 0, columns, 10, chart, value_scale(0.0, 1.0, 10))


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 200), st.integers(8, 200))
def test_ticks_are_whole_layers_that_do_not_touch(n: int, columns: int) -> None:
    labels = tuple(str(i) for i in range(n))
    ticks = layer_ticks(labels, columns)
    assert all(0 <= tick < n for tick in ticks)
    ends = [plot_of(n, columns).column(tick) for tick in ticks]
    widest = max(map(len, labels))
    assert all(second - first >= widest for first, second in pairwise(ends))


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 100), st.integers(100, 300))
def test_a_column_leads_back_to_its_layer(n: int, columns: int) -> None:
    plot = plot_of(n, columns)
    assert [plot.index(plot.column(i)) for i in range(n)] == list(range(n))


def test_doses_lie_where_their_values_are() -> None:
    plot = plot_of(4, 101, (0.0, 5.0, 25.0, 100.0))
    assert [plot.column(i) for i in range(4)] == [0, 5, 25, 100]
    assert spaced([3.0, 3.0]) == ()
