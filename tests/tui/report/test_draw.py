"""Figures: the curve is the data, names never overlap, and the same numbers give the same bytes."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurontui.tui.charts.figure.lines import apart, round_log, whole
from neurontui.tui.charts.figure.plot import draw
from neurontui.tui.charts.figure.svg import on_white, themed
from neurontui.tui.charts.model import Bar, Bars, Chart, Dot, Dots, Matrix, Panel, Series, Value
from neurontui.tui.charts.palette import LETTERS, LIGHT, SHORT
from neurontui.tui.report.model import Figure
from tests.queries.raw_run import masks
from tests.tui.report.conftest import Made

pytestmark = pytest.mark.xdist_group("report")  # one worker builds the store and the report


def a_line(y: tuple[Value, ...], name: str = "all-shared", **more: object) -> Series:
    return Series(SHORT.get(name, name), LETTERS.get(name, name[:1]), name, y, **more)  # type: ignore[arg-type]


def a_chart(*series: Series, title: str = "", **more: object) -> Chart:
    labels = tuple(str(i) for i in range(max((len(one.values) for one in series), default=0)))
    return Chart(title, labels, series, **more)  # type: ignore[arg-type]


def a_figure(*panels: Panel) -> Figure:
    return Figure("test", 'A title <b> & "', "Figure 0", "A caption.", panels)


def y_scale(svg: str) -> Callable[[float], float]:
    """From places on the page to values, read off the labels of the y axis."""
    ends = re.findall(r"text-anchor: end[^>]* x=\"([\d.]+)\" y=\"([\d.]+)\"[^>]*>([\d.]+)</text>", svg)
    left = min(float(x) for x, _, _ in ends)
    places = [(float(y), float(text)) for x, y, text in ends if abs(float(x) - left) < 1]
    (first, low), (last, high) = places[0], places[-1]
    middle = 2.66  # a label's base line lies below its tick
    return lambda y: low + (y - (first - middle)) * (high - low) / (last - first)


def curve(svg: str, role: str) -> list[float]:
    """Heights on the page of the points of the line in a role's colour."""
    hue = LIGHT.colors[role].lower()
    paths = re.findall(rf'<path d="([^"]+)" [^>]*style="fill: none; stroke: {hue}; stroke-width: 1.5', svg)
    longest = max(paths, key=len)
    return [float(y) for _, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", longest)]


def test_the_curve_of_the_page_is_the_ratio_of_the_activations(made: Made) -> None:
    svg = made.pictures["across-runs-types"]
    first = svg.split(">A  all-shared<")[0] + svg.split(">A  all-shared<")[1].split(">P  partial-shared<")[0]
    value = y_scale(first)
    run = made.runs[0]
    every = (1 << len(run.languages)) - 1
    wanted = [100 * float((masks(A > 0) == every).mean()) for A in run.activations[1:]]
    shown = [value(y) for y in curve(first, "all-shared")]
    assert shown == pytest.approx(wanted, abs=0.3)


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    """In another process, with other hashes and a matplotlibrc of somebody's taste."""
    line = a_line((1.0, 2.0, None, 3.0), low=(0.5,) * 4, high=(3.5,) * 4)
    figure = a_figure(a_chart(line), a_chart(a_line((1.0, 2.0), "specific"), stacked=True))
    program = (
        "from neurontui.tui.charts.figure.plot import draw\n"
        "from neurontui.tui.charts.model import Chart, Series\n"
        "from neurontui.tui.report.model import Figure\n"
        f"print(draw({figure!r}), end='')"
    )
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 9\nfont.size: 20\n")
    environment = {**os.environ, "PYTHONHASHSEED": "77", "MATPLOTLIBRC": str(tmp_path)}
    other = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert draw(figure) == other.stdout


def test_every_picture_is_xml_without_dates(made: Made) -> None:
    for svg in made.pictures.values():
        root = ElementTree.fromstring(on_white(svg))
        assert root.tag.endswith("svg")
        assert not re.search(r"20\d\d-\d\d-\d\d|matplotlib|<!--", svg)
        assert not re.search(r"\d\.\d{3,}", re.sub(r">[^<]*<|aria-label=\"[^\"]*\"", "", svg))


NONE = None
ODD: dict[str, Panel] = {
    "no lines": a_chart(),
    "no values": a_chart(a_line((NONE, NONE))),
    "not numbers": a_chart(a_line((float("nan"), 1.0, float("inf"), 1e308, -1e308))),
    "one layer": a_chart(a_line((3.0,), low=(2.0,), high=(4.0,))),
    "all zero": a_chart(a_line((0.0, 0.0))),
    "below zero": a_chart(a_line((-2.0, 1.0))),
    "logarithm of nothing": a_chart(a_line((1.0, 2.0)), x=(0.0, 1.0), log_x=True),
    "curves of different lengths": a_chart(a_line((1.0, 2.0, 3.0)), a_line((1.0,), "specific")),
    "joined": a_chart(
        a_line((1.0, NONE, 3.0), low=(0.0, NONE, 2.0), high=(2.0, NONE, 4.0)), x=(0.1, 5.0, 70.0), joined=True
    ),
    "markup and mathematics": a_chart(
        a_line((1.0, 2.0), '$x^$<&>"\x00'), a_line((1.0, 2.0), "日本" * 40), title="$\\frac{$ <b>&\x1b\n",
        x_title="$\\",
        y_title="$<",
    ),
    "no columns": a_chart(stacked=True),
    "columns with gaps": a_chart(a_line((NONE, 50.0)), a_line((100.0, 50.0), "specific"), stacked=True),
    "bars": Bars(
        "", (Bar("x", 1.0, low=0.5, high=2.0, group="a"), Bar("y", NONE, group="a"), Bar("z", -1.0, note="$<"))
    ),
    "no bars": Bars("", ()),
    "dots": Dots(
        "", (Dot("$a<", 1.0, 0.0, 2.0, "type", "specific"), Dot("b", NONE, NONE, NONE, "user", "text")), "points"
    ),
    "no heat": Matrix("", ("a",), ("a",), ((NONE,),)),
    "wide heat": Matrix("", ("a",), tuple(map(str, range(40))), ((1.0,) * 40,), diverging=True),
    "tinted heat": Matrix("", ("a",), ("a", "b"), ((1.0, 2.0),), tints=((NONE, -1.0),), marks=(" ▼",), diverging=True),
}  # fmt: skip


@pytest.mark.parametrize("panel", ODD.values(), ids=ODD)
def test_odd_numbers_and_names_are_drawn_all_the_same(panel: Panel) -> None:
    ElementTree.fromstring(draw(a_figure(panel)))


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    svg = draw(a_figure(a_chart(a_line((1.0, 2.0, None, 3.0, 4.0)))))
    hue = LIGHT.colors["all-shared"].lower()
    path = re.search(rf'<path d="([^"]+)" [^>]*style="fill: none; stroke: {hue}; stroke-width: 1.5', svg)
    assert path
    assert path[1].count("M") == 2


def test_a_theme_changes_colours_alone() -> None:
    svg = draw(a_figure(a_chart(a_line((1.0, 2.0)))))
    page = themed(svg)
    assert re.sub(r"var\(--[\w-]+\)", "#000000", page) == re.sub(r"#(?!m|p|h)[0-9a-f]{6}\b(?=[;\"])", "#000000", svg)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_names_at_the_ends_of_lines_keep_their_distance(wanted: list[float]) -> None:
    gap = 0.08
    placed = apart(wanted, gap)
    order = np.argsort(wanted, kind="stable")
    steps = np.diff(np.array(placed)[order])
    assert (steps >= gap - 1e-9).all()
    assert min(placed) >= -1e-9
    assert max(placed) <= 1 + 1e-9
    if (np.diff(np.array(wanted)[order]) >= gap).all():
        assert placed == pytest.approx(wanted)


@given(st.integers(0, 60), st.integers(0, 200), st.integers(3, 10))
def test_layers_are_ticked_at_whole_numbers(first: int, more: int, ticks: int) -> None:
    found = whole(first, first + more, ticks)
    assert all(each == int(each) and first <= each <= first + more for each in found)
    assert 1 <= len(found) <= ticks + 2


def test_ticks_of_a_logarithmic_axis_are_round() -> None:
    assert round_log(1, 120) == [1, 2, 5, 10, 20, 50, 100]
    assert round_log(2.8, 4.1) == [2.8, 4.1]
    assert round_log(3, 3) == [3]


def test_panels_that_share_an_axis_show_all_their_values() -> None:
    low, high = a_chart(a_line((1.0, 2.0))), a_chart(a_line((80.0, 90.0)))
    for panels in ((low, high), (high, low)):
        svg = draw(replace(a_figure(*panels), same_y=True))
        boxes = re.findall(r'<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', svg)
        top, height = (float(each) for each in boxes[0])
        hue = LIGHT.colors["all-shared"].lower()
        paths = re.findall(rf'<path d="([^"]+)" clip[^>]*style="fill: none; stroke: {hue}; stroke-width: 1.5', svg)
        assert len(paths) == 2
        heights = [float(y) for path in paths for y in re.findall(r"[ML] [-\d.]+ ([-\d.]+)", path)]
        assert all(top <= y <= top + height for y in heights)
