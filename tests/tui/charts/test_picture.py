"""Charts as picture files: true to the numbers, escaped, and made by matplotlib only when one is exported."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from neurontui.store.errors import MissingExtraError
from neurontui.tui.charts.figure.plot import picture
from neurontui.tui.charts.model import Bar, Bars, Chart, Drawing, Matrix, Series
from neurontui.tui.charts.palette import LIGHT, shade
from neurontui.tui.explorer import export_files
from neurontui.tui.explorer.export_files import CHART_FORMATS, chart_bytes

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '"><script>alert(1)</script>&\x1b]52;c;x\x07'
STARTS = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "txt": b"c (%"}


def svg_of(drawing: Drawing) -> str:
    return picture(drawing, "svg").decode()


def boxes(svg: str, role: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every area in a role's color."""
    hue = LIGHT.colors[role].lower()
    paths = [(path, 0.0) for path in re.findall(rf'<path d="([^"]+)"[^>]*style="fill: {hue}', svg)]
    for name, y in re.findall(rf'<use xlink:href="#(\w+)" x="0" y="([\d.]+)" style="fill: {hue}', svg):
        paths += [(path, float(y)) for path in re.findall(rf'<path id="{name}" d="([^"]+)"', svg)]
    areas = []
    for path, down in paths:
        points = [(float(x), float(y) + down) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        areas.append((min(xs), min(ys), max(xs), max(ys)))
    return areas


@pytest.mark.parametrize("kind", CHART_FORMATS)
def test_every_format_is_written_and_the_same_twice(kind: str) -> None:
    chart = Chart("c", ("0", "1"), (Series("s", "A", "first", (1.0, 2.0), (0.5, 1.5), (1.5, 2.5)),))
    content = chart_bytes(chart, kind)
    assert content.startswith(STARTS[kind])
    assert content == chart_bytes(chart, kind)


def test_stored_text_stays_text() -> None:
    series = Series(EVIL, "A", "first", (1.0, 2.0))
    for drawing in (
        Chart(EVIL, ("0", EVIL), (series,), EVIL, EVIL),
        Matrix(EVIL, (EVIL,), (EVIL,), ((1.0,),), EVIL),
        Bars(EVIL, (Bar(EVIL, 1.0, note=EVIL),), EVIL),
    ):
        root = ElementTree.fromstring(svg_of(drawing))
        assert not root.findall(f".//{SVG}script")
        assert any("<script>" in (element.text or "") for element in root.iter(f"{SVG}text"))
        assert "\x1b" not in svg_of(drawing)


def test_bars_are_as_long_as_their_values() -> None:
    svg = svg_of(Bars("b", (Bar("one", 10.0, role="specific"), Bar("half", 5.0, role="specific"), Bar("none", None))))
    lengths = [right - left for left, _, right, _ in boxes(svg, "specific")]
    assert lengths[1] == pytest.approx(lengths[0] / 2, abs=0.02)
    assert len(lengths) == 2


def test_a_stack_has_its_first_series_at_the_bottom_and_the_right_shares() -> None:
    shares = {"all-shared": 30.0, "non-activated": 70.0}
    series = tuple(Series(name, name[0].upper(), name, (share, share)) for name, share in shares.items())
    svg = svg_of(Chart("s", ("0", "1"), series, stacked=True))
    first, second = (max(boxes(svg, name), key=lambda box: box[2] - box[0]) for name in shares)
    assert first[1] == pytest.approx(second[3], abs=0.1)
    assert 100 * (first[3] - first[1]) / (first[3] - second[1]) == pytest.approx(30, abs=0.5)


def test_a_band_is_the_interval_of_its_own_curve() -> None:
    low = Series("low", "l", "first", (10.0, 10.0), (8.0, 8.0), (12.0, 12.0))
    high = Series("high", "h", "second", (90.0, 90.0), (80.0, 80.0), (100.0, 100.0))
    svg = svg_of(Chart("c", ("0", "1"), (low, high)))
    unit = None
    for role, half in (("first", 2.0), ("second", 10.0)):
        hue = LIGHT.colors[role].lower()
        lines = re.findall(rf'<path d="M [-\d.]+ ([-\d.]+)[^"]*" clip[^>]*stroke: {hue}; stroke-width: 1.5', svg)
        assert len(lines) == 1
        band = [box for box in boxes(svg, role) if box[2] - box[0] > 50]
        assert len(band) == 1
        [(_, top, _, bottom)] = band
        assert (top + bottom) / 2 == pytest.approx(float(lines[0]), abs=0.1)
        unit = unit or (bottom - top) / half
        assert (bottom - top) / half == pytest.approx(unit, rel=0.02)


def test_points_are_where_their_values_are() -> None:
    doses = Series("dose", "d", "first", (1.0, None, 2.0, 3.0))
    svg = svg_of(Chart("c", ("1", "5", "10", "100"), (doses,), x=(1.0, 5.0, 10.0, 100.0), log_x=True, joined=True))
    hue = LIGHT.colors["first"].lower()
    [path] = re.findall(rf'<path d="([^"]+)" clip[^>]*fill: none; stroke: {hue}; stroke-width: 1.5', svg)
    x = [float(place) for place, _ in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path)]
    assert len(x) == 3
    assert (x[1] - x[0]) / (x[2] - x[0]) == pytest.approx(0.5, abs=0.01), "10 is half way from 1 to 100"
    assert path.count("M") == 1, "one curve, though it has no value at 5"


def test_panels_stay_panels_with_the_whole_legend_and_what_was_measured() -> None:
    other = "google/some-model-with-a-long-name · xnli, at threshold 0.1"
    series = (
        Series("all", "A", "all-shared", (1.0, 2.0)),
        Series("specific", "S", "specific", (3.0, 5.0)),
        Series("specific", "s", "specific", (4.0, 6.0), reference=True, hue="specific", dash=1),
    )
    chart = Chart("By layer", ("0", "1"), series, grey=other, panels=True)
    lines = ("run one · n = 120 examples · 3 languages: en de zh", "active: activation > 0")
    root = ElementTree.fromstring(picture(chart, "svg", lines).decode())
    texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    assert {"By layer", other, *lines} <= set(texts)
    assert texts.count("A  all-shared") == texts.count("S  specific") == 2, "over its panel and in the legend"
    svg = picture(chart, "svg", lines).decode()
    starts = {}
    for role in ("all-shared", "specific"):
        hue = LIGHT.colors[role].lower()
        curves = re.findall(rf'<path d="M ([-\d.]+) [^"]*" clip[^>]*fill: none; stroke[^>]*{hue}', svg)
        starts[role] = {float(x) for x in curves}
    assert len(starts["all-shared"]) == len(starts["specific"]) == 1, "a curve and its reference share a panel"
    assert starts["all-shared"] != starts["specific"]
    assert chart_bytes(chart, "txt", lines).decode().splitlines()[-2:] == list(lines)


def test_letters_of_curves_that_end_together_lie_apart_and_text_takes_no_room_from_the_curves() -> None:
    short = tuple(Series(name, name, "first", (1.0, 1.0 + place / 50, None)) for place, name in enumerate("XYZ"))
    chart = Chart("c", ("0", "1", "2"), (*short, Series("long", "W", "second", (9.0, 5.0, 9.0))))
    plain, below = picture(chart, "svg").decode(), picture(chart, "svg", ["line"] * 20).decode()
    texts = ElementTree.fromstring(plain).iter(f"{SVG}text")
    places = {"".join(element.itertext()): float(element.get("y", "nan")) for element in texts}
    lowest, *above = sorted((places[name] for name in "XYZ"), reverse=True)
    assert [lowest - above[0], above[0] - above[1]] == [pytest.approx(8, abs=1)] * 2
    height = {svg: float(re.search(r'height="(\d+)"', svg)[1]) for svg in (plain, below)}
    curve = {svg: max(box[3] - box[1] for box in strokes(svg, "second")) for svg in (plain, below)}
    assert height[below] > height[plain]
    assert curve[below] >= 0.95 * curve[plain]


def strokes(svg: str, role: str) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every line in a role's color."""
    hue = LIGHT.colors[role].lower()
    lines = []
    for path in re.findall(rf'<path d="([^"]+)" clip[^>]*fill: none; stroke: {hue}', svg):
        points = [(float(x), float(y)) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        lines.append((min(xs), min(ys), max(xs), max(ys)))
    return lines


def test_cells_have_the_colors_and_marks_of_the_terminal() -> None:
    matrix = Matrix("m", ("r",), ("a", "b"), ((51.5, 72.25),), diverging=True, tints=((-8.0, 4.0),), marks=("▼ ",))
    svg = svg_of(matrix)
    places = [svg.index(f"fill: {shade(tint, (-8.0, 8.0), True).lower()}") for tint in (-8.0, 4.0)]
    assert places == sorted(places), "cells are drawn from left to right"
    assert "51.5▼" in svg
    assert ">72.2<" in svg


def test_without_matplotlib_the_export_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "find_spec", lambda _: None)
    chart = Chart("c", ("0",), (Series("s", "A", "first", (1.0,)),))
    with pytest.raises(MissingExtraError, match=r"pip install 'neurontui\[report\]'.*\.txt"):
        chart_bytes(chart, "png")
    assert chart_bytes(chart, "txt").startswith(b"c (%")


def test_the_explorer_does_not_import_matplotlib() -> None:
    program = (
        "import sys, neurontui.tui.explorer.app, neurontui.tui.explorer.copy_and_export; "
        "print('matplotlib' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def texts_of(drawing: Drawing) -> set[str | None]:
    return {element.text for element in ElementTree.fromstring(svg_of(drawing)).iter(f"{SVG}text")}


def test_a_wide_heatmap_names_every_language_and_numbers_layers_in_steps() -> None:
    values = (tuple(map(float, range(30))),) * 2
    languages = tuple(f"l{code}" for code in range(30))
    assert set(languages) <= texts_of(Matrix("m", ("a", "b"), languages, values))
    layers = texts_of(Matrix("m", ("a", "b"), tuple(map(str, range(30))), values))
    assert "28" in layers
    assert "27" not in layers


def test_a_wide_heatmap_says_what_its_colors_are() -> None:
    columns = tuple(f"l{code}" for code in range(30))
    values, changes = (tuple(map(float, range(30))),), (tuple(float(-code) for code in range(30)),)
    texts = texts_of(Matrix("accuracy", ("a",), columns, values, diverging=True, tints=changes, tint_unit="change"))
    assert "accuracy: change" in texts
    assert "change" in texts, "the color bar"
    assert "accuracy (%)" not in texts
