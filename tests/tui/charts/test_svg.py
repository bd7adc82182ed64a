"""Charts as SVG: well-formed, escaped, and true to the numbers."""

from xml.etree import ElementTree

from neurontui.tui.charts.model import Bar, Bars, Chart, Matrix, Series
from neurontui.tui.charts.svg import to_svg

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '"><script>alert(1)</script>&\x1b]52;c;x\x07'


def parsed(drawing: Chart | Matrix | Bars) -> ElementTree.Element:
    return ElementTree.fromstring(to_svg(drawing))


def test_stored_text_stays_text() -> None:
    series = Series(EVIL, "A", "all-shared", (1.0, 2.0))
    for drawing in (
        Chart(EVIL, ("0", "1"), (series,)),
        Matrix(EVIL, (EVIL,), (EVIL,), ((1.0,),)),
        Bars(EVIL, (Bar(EVIL, 1.0, note=EVIL),)),
    ):
        root = parsed(drawing)
        assert not root.findall(f".//{SVG}script")
        assert any("<script>" in (each.text or "") for each in root.iter(f"{SVG}text"))


def test_a_curve_is_cut_where_a_value_is_missing() -> None:
    chart = Chart("c", ("0", "1", "2", "3"), (Series("s", "A", "first", (1.0, 2.0, None, 4.0)),))
    lines = parsed(chart).findall(f"{SVG}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 1]


def test_bars_are_as_long_as_their_values() -> None:
    root = parsed(Bars("b", (Bar("one", 10.0), Bar("half", 5.0), Bar("none", None))))
    widths = [float(each.attrib["width"]) for each in root.findall(f"{SVG}rect")[1:]]
    assert widths[1] == widths[0] / 2
    assert widths[2] == 0


def test_a_stack_ends_at_its_total() -> None:
    series = tuple(Series(name, name[0], "first", (share, share)) for name, share in (("a", 40.0), ("b", 60.0)))
    root = parsed(Chart("s", ("0", "1"), series, stacked=True))
    areas = root.findall(f"{SVG}polygon")
    top = min(float(pair.split(",")[1]) for pair in areas[1].attrib["points"].split())
    assert abs(top - 44.0) < 0.2
