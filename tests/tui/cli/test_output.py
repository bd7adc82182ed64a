"""Tables in a terminal: which columns a narrow terminal shows; numbers are never cut."""

import io

import pyarrow as pa
import pytest
from rich.console import Console
from rich.text import Text

from neurontui.tui.cli import output

ROWS = pa.table(
    {
        "name": ["type-ratio-by-language-count", "claims", "layers", "runs"],
        "ratio": [40.793155, 9.890216, 26.412972, 22.903656],
        "title": ["A title as long as titles are " * 2] * 4,
        "n_neurons": [491520] * 4,
        "note": ["something to know about it"] * 4,
    }
)


def drawn(rows: pa.Table, width: int) -> str:
    screen = io.StringIO()
    output._draw(rows, "", Console(file=screen, width=width, force_terminal=True, no_color=True))
    return Text.from_ansi(screen.getvalue()).plain


@pytest.mark.parametrize("width", [50, 80, 100, 250])
def test_names_and_numbers_are_whole_at_every_width(width: int) -> None:
    text = drawn(ROWS, width)
    assert max(map(len, text.splitlines())) <= width
    for name in ROWS["name"].to_pylist():
        assert name in text
    assert "40.79" in text
    assert ("491520" in text) == (width > 50)


def test_what_does_not_fit_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    drawn(ROWS, 50)
    assert "not shown: title, n_neurons, note; use --format csv" in capsys.readouterr().err
    drawn(ROWS, 250)
    assert capsys.readouterr().err == ""


def test_colour_is_left_out_where_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen = io.StringIO()
    output._draw(ROWS, "", Console(file=screen, width=80, force_terminal=True))
    assert "\x1b[3" not in screen.getvalue()
