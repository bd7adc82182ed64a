"""Heat over words: every character once, aligned by terminal cells in any script, with colors and with marks."""

import re

import pytest
from rich.cells import cell_len

from neurontui.queries import Results
from neurontui.tui.charts.builders.heat_text import (
    HeatToken,
    heat_lines,
    heat_tokens,
    heat_window,
    heat_words,
    largest,
)
from neurontui.tui.charts.builders.neuron import heat_of_inputs, heated_input_lines
from neurontui.tui.charts.palette import ANSI, DARK, LIGHT, shade
from tests.queries.raw_run import token_values_of, tokens_of
from tests.tui.charts.raw import RUN, rows_of
from tests.tui.charts.words import text

SENTENCES = {
    "en": ["<s>", "The", " capital", " of", " Turkey", " is"],
    "ru": ["Сто", "лица", " Тур", "ции", " —", " это"],
    "zh": ["土耳其", "的", "首都", "是", "安卡拉", "。"],
    "th": ["เมือง", "หล", "ว", "ง", "ของ", "ต", "ุ", "รกี", "ค", "ือ"],
    "ar": ["عاص", "مة", " تركيا", " هي", " أنقرة", "؟"],
    "he": ["בירת", " טורקיה", " היא", " אנ", "קרה", ","],
    "hi": ["तु", "र्", "की", " की", " राज", "धानी"],
}


def tokens_in(code: str) -> list[HeatToken]:
    """Activations that alternate in sign and grow."""
    rows = [
        {"token": token, "activation": (-1) ** place * (place + 1.0), "measured": place == len(SENTENCES[code]) - 1}
        for place, token in enumerate(SENTENCES[code])
    ]
    return heat_tokens(rows)


@pytest.mark.parametrize("palette", [DARK, LIGHT, ANSI], ids=["dark", "light", "ansi"])
@pytest.mark.parametrize("width", [9, 20, 78])
@pytest.mark.parametrize("code", SENTENCES)
def test_every_character_is_there_once_and_lines_fit(code: str, width: int, palette: object) -> None:
    tokens = tokens_in(code)
    lines = heat_lines(tokens, width, largest(tokens), palette)  # type: ignore[arg-type]
    words = lines[::2] if palette is ANSI else lines
    shown = "".join(text(line) for line in words)
    assert shown.replace(" ", "") == "".join(SENTENCES[code]).replace(" ", "")
    if width == 78:
        assert shown == "".join(SENTENCES[code])
    assert not any(text(line).startswith(" ") for line in words[1:])
    assert all(cell_len(text(line)) <= width for line in lines)
    assert all(token.cells for token in tokens)


@pytest.mark.parametrize("code", SENTENCES)
def test_marks_stand_under_the_first_cell_of_their_words(code: str) -> None:
    tokens = tokens_in(code)
    [words, marks] = heat_lines(tokens, 78, largest(tokens), ANSI)
    assert all(span.paper is None for span in words)
    start = 0
    for token in tokens:
        gap = len(token.text) - len(token.text.lstrip(" "))
        mark = text(marks).ljust(78)[start : start + token.cells]
        level = "−" if token.value < 0 else " ▁▂▃▄▅▆▇█"[max(round(8 * token.value / largest(tokens)), 1)]
        assert mark == " " * gap + level + " " * (token.cells - gap - 1)
        start += token.cells


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=["dark", "light"])
def test_colors_are_those_of_the_values(palette: object) -> None:
    tokens = tokens_in("en")
    [line] = heat_lines(tokens, 78, 6.0, palette)  # type: ignore[arg-type]
    for span, value in zip(line, (1.0, -2.0, 3.0, -4.0, 5.0, -6.0), strict=True):
        assert span.paper == shade(value / 6, (-1.0, 1.0), True, palette)  # type: ignore[arg-type]
    assert [span.bold for span in line] == [False] * 5 + [True]  # the token of measurement
    faint = [HeatToken("a", 0.04), HeatToken("b", 1.0)]
    assert heat_lines(faint, 20, 1.0, DARK)[0][0].paper is None


def test_a_token_without_a_cell_shares_that_of_another() -> None:
    values = [("\u0e38", 9.0), ("ต", 1.0), ("\u0e38", -5.0), ("", 2.0), ("ร", 0.5)]
    rows = [
        {"token": token, "activation": value, "measured": place == 3} for place, (token, value) in enumerate(values)
    ]
    tokens = heat_tokens(rows)
    assert [(token.text, token.value, token.measured) for token in tokens] == [
        ("\u0e38ต\u0e38", 9.0, True),
        ("ร", 0.5, False),
    ]


def test_the_stronger_of_two_activations_may_be_negative() -> None:
    rows = [{"token": token, "activation": a, "measured": False} for token, a in (("ต", 1.0), ("\u0e38", -5.0))]
    assert [token.value for token in heat_tokens(rows)] == [-5.0]


def test_control_characters_are_shown_not_sent() -> None:
    rows = [{"token": "\x1b[31m\n\u202e", "activation": 1.0, "measured": True}]
    [line] = heat_lines(heat_tokens(rows), 40, 1.0, DARK)
    assert not re.search(r"[\x00-\x1f\u202e]", text(line))
    assert "␊" in text(line)


@pytest.mark.parametrize("width", [10, 24, 60])
def test_a_window_shows_the_strongest_token(width: int) -> None:
    for peak in (0, 20, 49):
        tokens = [HeatToken(f" w{place}", 5.0 if place == peak else -1.0) for place in range(50)]
        line = heat_window(tokens, width, 5.0, DARK)
        assert cell_len(text(line)) <= width
        assert f" w{peak}" in [span.text for span in line]
        assert (line[0].text == "…", line[-1].text == "…") == (" w0" not in text(line), " w49" not in text(line))
    assert heat_window([], width, 1.0, DARK) == []
    whole = heat_window(tokens_in("zh"), 60, 6.0, DARK)
    assert text(whole) == "".join(SENTENCES["zh"])


def test_the_card_shows_the_values_of_each_input(results: Results) -> None:
    table = rows_of(results, "neuron-token-values", layer=1, neuron=5)
    heat = heat_of_inputs(table)
    for row in rows_of(results, "neuron-examples", layer=1, neuron=5).to_pylist():
        p = RUN.languages.index(row["language"])
        tokens = heat[row["example"], row["language"]]
        values = token_values_of(RUN, 1, 5, row["example"], p)
        kept = [(token, value) for token, value in zip(tokens_of(RUN, row["example"], p), values, strict=True) if token]
        assert [token.text for token in tokens] == [token for token, _ in kept]
        assert max(token.value for token in tokens) == pytest.approx(max(values))
        assert tokens[-1].measured
        lines = heated_input_lines(row, tokens, 60, largest(tokens), DARK)
        assert heat_words(tokens) in text(lines[0])
        shown = "".join(text(line)[2:] for line in lines[1:])
        assert shown.replace(" ", "") == "".join(token for token, _ in kept).replace(" ", "")
        plain = heated_input_lines(row, (), 60, 1.0, DARK)
        assert row["prompt"].split()[0] in text(plain[1])
