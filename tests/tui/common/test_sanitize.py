"""Stored text cannot reach the terminal as anything but text."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neurontui.tui.common.sanitize import clean, clean_lines, fit, shorten

HARMFUL = {*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0))}
HARMFUL |= set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


@given(st.text(st.characters(), max_size=200))
def test_nothing_a_terminal_obeys_is_left(text: str) -> None:
    assert not HARMFUL & set(clean(text))
    assert not (HARMFUL - {"\n"}) & set(clean_lines(text))
    clean(text).encode("utf-8")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=200))
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text.replace("\u00ad", "")


def test_escape_sequences_become_visible() -> None:
    assert clean("\x1b]52;c;cm0=\x07") == "␛]52;c;cm0=␇"
    assert clean("[@click=app.quit]x[/]") == "[@click=app.quit]x[/]"
    assert clean("\x9b31mred") == "\ufffd31mred"
    assert clean("\ud800") == "\ufffd"
    assert clean(None) == ""


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_fitted_text_takes_exactly_its_cells(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) == cells
    assert cell_len(fit(text, cells, "right")) == cells
    assert cell_len(shorten(text, cells)) <= cells


def test_wide_scripts_are_cut_between_characters() -> None:
    assert fit("德国的首都", 7) == "德国的…"
    assert fit("เมืองหลวง", 9) == "เมืองหลวง" + " " * (9 - cell_len("เมืองหลวง"))
    assert fit("Thủ đô", 4) == "Thủ…"
