"""Charts drawn into cells say what the numbers say."""

import colorsys
from dataclasses import replace
from itertools import product

import pytest
from rich.cells import cell_len

from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.model import Bar, Bars, Chart, Matrix, Series
from neurontui.tui.charts.palette import ANSI, CYCLE, DARK, LIGHT, SHORT, TYPES, Palette, dim_of, ink_of, ink_on, shade
from neurontui.tui.charts.terminal.blocks import bar, resample, spark
from neurontui.tui.charts.terminal.canvas import Canvas
from neurontui.tui.charts.terminal.draw import draw_chart, draw_data
from neurontui.tui.charts.terminal.plain_text import to_text

LETTERS = "APSN"


def stack(*layers: tuple[float | None, ...]) -> Chart:
    series = tuple(
        Series(name, letter, name, tuple(layer[i] for layer in layers))
        for i, (name, letter) in enumerate(zip(TYPES, LETTERS, strict=True))
    )
    return Chart("types", tuple(str(i) for i in range(len(layers))), series, stacked=True)


def drawn(chart: Chart, width: int = 60, height: int = 22, cursor: int | None = None) -> Canvas:
    canvas = Canvas(width, height)
    assert draw_chart(canvas, chart, cursor) is not None
    return canvas


def test_a_stack_covers_the_plot_in_the_right_shares() -> None:
    canvas = drawn(stack(*[(10.0, 20.0, 5.0, 65.0)] * 4))
    column = [canvas.at(30, y) for y in range(20)]
    filled = dict.fromkeys(TYPES, 0.0)
    for cell in column:
        if cell.char in "▁▂▃▄▅▆▇":
            lower = "▁▂▃▄▅▆▇".index(cell.char) + 1
            filled[cell.ink] += lower  # type: ignore[index]
            filled[cell.paper] += 8 - lower  # type: ignore[index]
        else:
            filled[cell.paper] += 8  # type: ignore[index]
    shares = {name: 100 * eighths / 160 for name, eighths in filled.items()}
    for name, expected in zip(TYPES, (10, 20, 5, 65), strict=True):
        assert abs(shares[name] - expected) <= 1.3, shares


def test_a_missing_layer_stays_empty() -> None:
    canvas = drawn(stack((10.0, 20.0, 5.0, 65.0), (None,) * 4, (10.0, 20.0, 5.0, 65.0)))
    middle = canvas.width // 2 + 2
    assert all(canvas.at(middle, y).paper is None for y in range(20))


def test_every_area_is_named_by_its_letter() -> None:
    text = "\n".join(drawn(stack(*[(25.0, 25.0, 25.0, 25.0)] * 5)).lines())
    assert all(letter in text for letter in LETTERS)


def test_the_cursor_marks_its_layer() -> None:
    lines = drawn(stack(*[(25.0, 25.0, 25.0, 25.0)] * 13), cursor=7).lines()
    assert lines[-2].count("▲") == 1
    column = lines[-2].index("▲")
    assert lines[-1][column] == "7"


def test_ticks_are_whole_layers() -> None:
    words = drawn(stack(*[(25.0, 25.0, 25.0, 25.0)] * 30)).lines()[-1].split()
    assert all(word.isdecimal() for word in words)
    assert words[0] == "0"


def line_chart(*curves: tuple[float | None, ...]) -> Chart:
    n = max(map(len, curves))
    series = tuple(Series(f"s{i}", LETTERS[i], TYPES[i], curve) for i, curve in enumerate(curves))
    return Chart("lines", tuple(map(str, range(n))), series)


def test_curves_rise_where_the_numbers_rise() -> None:
    canvas = drawn(line_chart((0.0, 25.0, 50.0, 75.0, 100.0)))
    rows = {}
    for y, row in enumerate(canvas.rows):
        for x, cell in enumerate(row):
            if cell.ink == TYPES[0] and "⠀" < cell.char <= "⣿":
                rows.setdefault(x, []).append(y)
    heights = [min(rows[x]) for x in sorted(rows)]
    assert heights == sorted(heights, reverse=True)
    assert len(rows) > 45


def test_a_gap_in_a_curve_stays_a_gap() -> None:
    canvas = drawn(line_chart((50.0, 50.0, None, None, 50.0, 50.0)))
    covered = {x for row in canvas.rows for x, cell in enumerate(row) if "⠀" < cell.char <= "⣿"}
    assert covered
    assert not set(range(28, 34)) & covered


def test_letters_at_the_ends_do_not_cover_each_other() -> None:
    canvas = drawn(line_chart((1.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)), height=10)
    column = [canvas.at(canvas.width - 1, y).char for y in range(8)]
    assert sorted(char for char in column if char != " ") == sorted(LETTERS)


@pytest.mark.parametrize("size", [(0, 0), (5, 3), (12, 5), (20, 4), (300, 100)])
@pytest.mark.parametrize("n", [0, 1, 2, 80])
def test_any_size_and_any_number_of_layers_is_drawn_or_left(size: tuple[int, int], n: int) -> None:
    for chart in (
        stack(*[(25.0, 25.0, 25.0, 25.0)] * n),
        line_chart(tuple(float(i) for i in range(n))),
    ):
        canvas = Canvas(*size)
        draw_chart(canvas, chart, 0)
        assert all(cell_len(line) <= size[0] for line in canvas.lines())


def test_panels_show_every_series_on_its_own() -> None:
    chart = line_chart((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), (7.0, 8.0))
    canvas = Canvas(80, 30)
    draw_chart(canvas, Chart(chart.title, chart.labels, chart.series, panels=True))
    text = "\n".join(canvas.lines())
    assert all(f"{LETTERS[i]} s{i}" in text for i in range(4))


def test_bars_and_sparklines_keep_their_width_and_order() -> None:
    assert bar(0.0, 10.0, 8) == " " * 8
    assert bar(10.0, 10.0, 8) == "█" * 8
    assert bar(0.001, 10.0, 8)[0] == "▏"
    assert bar(5.0, 10.0, 8) == "████    "
    assert spark([0.0, None, 1.0], 0.0, 1.0, 3) == "▁·█"
    assert resample([1.0, 2.0, 3.0, 4.0], 2) == [1.5, 3.5]
    assert resample([1.0, 2.0], 4) == [1.0, 1.0, 2.0, 2.0]


def test_colours_of_a_heatmap_are_readable() -> None:
    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    palettes = [replace(palette, few=few) for palette in (DARK, LIGHT) for few in (False, True)]
    for palette, diverging, level in product(palettes, (False, True), range(16)):
        paper = shade(level / 15, (0.0, 1.0), diverging, palette)
        if palette.name == "dark":
            assert luminance(paper) < 0.5, "no glare on a dark ground"
        bright, dark = sorted((luminance(paper), luminance(ink_on(paper))), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) > 4.4, (paper, ink_on(paper))


def test_every_palette_has_every_colour() -> None:
    assert DARK.colors.keys() == LIGHT.colors.keys() == ANSI.colors.keys()


def test_what_is_no_number_is_no_value() -> None:
    values = [number(value) for value in (1, 2.5, None, float("nan"), float("inf"))]
    assert values == [1.0, 2.5, None, None, None]


def test_text_of_every_kind_of_chart() -> None:
    assert "A s0" in to_text(line_chart((1.0, 2.0)))
    matrix = Matrix("m", ("德国", "en"), ("a", "b"), ((1.0, None), (2.0, 3.0)))
    rows = to_text(matrix).splitlines()
    assert [cell_len(row) for row in rows[1:]] == [16, 16, 16]
    assert "▏" not in to_text(Bars("b", (Bar("one", 1.0), Bar("none", None))))


def hue(color: str) -> float | None:
    """Degrees on the color circle; None for a grey."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    degrees, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    return 360 * degrees if saturation > 0.2 else None


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_the_hues_of_types_are_for_types_alone(palette: Palette) -> None:
    types = [hue(palette.colors[name]) for name in TYPES[:3]]
    shades = (*palette.shades.rising, *palette.shades.diverging, *palette.shades.few_diverging)
    for color in (*(palette.colors[role] for role in (*CYCLE, "good", "bad", "reference")), *shades):
        own = hue(color)
        distances = [abs((own - (other or 0) + 180) % 360 - 180) for other in types if own is not None]
        assert all(distance >= 12 for distance in distances), color
    assert len({palette.colors[role] for role in CYCLE}) == len(CYCLE)
    for name in TYPES:
        assert palette.colors[dim_of(name)] != palette.colors[ink_of(name)], "a second run is dimmed"
    for name, other in zip(TYPES[:3], types, strict=False):
        assert abs((hue(palette.colors[dim_of(name)]) or 0) - (other or 0)) < 12, "in the same hue"


def test_a_compared_curve_is_dashed_and_the_first_one_is_on_top() -> None:
    own = Series("all-shared", "A", "all-shared", (5.0,) * 8)
    same = Series("partial", "P", "partial-shared", (5.0,) * 8)
    reference = replace(own, letter="a", role="reference", hue="all-shared", reference=True)
    for series, ink in (((own, same), "all-shared"), ((own, reference), "all-shared"), ((reference,), reference.ink)):
        canvas = drawn(Chart("lines", tuple("01234567"), series))
        [row] = [row for row in canvas.rows if sum("⠀" < cell.char <= "⣿" for cell in row) > 10]
        curve = [cell for cell in row if "⠀" < cell.char <= "⣿"]
        assert {cell.ink for cell in curve} == {ink}
        assert (len(curve) > 50) == (series[0] is own), "dashed where it is only compared with"


def test_more_names_than_rows_stay_inside_the_plot() -> None:
    values = [tuple(float(i + j) for j in range(4)) for i in range(20)]
    series = tuple(Series(f"l{i:02}", f"l{i:02}", CYCLE[i % 8], curve) for i, curve in enumerate(values))
    chart = Chart("lines", tuple("0123"), series)
    lines = drawn(chart, width=80, height=10).lines()
    assert all(f"l{i:02}" in "".join(lines[:8]) for i in range(20))
    assert not any("l" in line for line in lines[8:]), "never over the numbers of the axis"


def test_thin_layers_of_all_shared_neurons_are_never_covered() -> None:
    canvas = drawn(stack(*[(0.3, 3.0, 2.5, 94.2)] * 4), width=40, height=12)
    bottom = canvas.rows[9][-20:]
    assert all(cell.char == "▁" and cell.ink == "all-shared" for cell in bottom), bottom


def test_each_panel_has_its_own_scale_and_a_line_for_its_name() -> None:
    own = tuple(
        Series(SHORT[name], letter, name, (size, 2 * size, size))
        for name, letter, size in zip(TYPES, LETTERS, (0.1, 5.0, 10.0, 30.0), strict=True)
    )
    chart = Chart("types", tuple("012"), own, panels=True)
    canvas = Canvas(60, 20)
    plots = draw_data(canvas, chart, textured=False)
    assert [plot.scale.high >= 2 * size for plot, size in zip(plots, (0.1, 5.0, 10.0, 30.0), strict=True)] == [True] * 4
    assert plots[0].scale.high < 1 < plots[1].scale.high
    lines = canvas.lines()
    for plot, series in zip(plots, own, strict=True):
        name = lines[plot.top - 1][plot.left :]
        assert name.startswith(f"{series.letter} {series.name}")
        inside = [canvas.at(x, y).ink for y in range(plot.top, plot.top + plot.height)
                  for x in range(plot.left, plot.left + plot.width)]  # fmt: skip
        assert series.ink in inside
    small = Canvas(40, 9)
    assert len(draw_data(small, chart, textured=False)) == 1, "lines where panels have no room"
