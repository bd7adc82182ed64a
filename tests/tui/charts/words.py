"""Reading lines of spans: their text, the numbers in them, and the length of a bar."""

import re

from neurontui.tui.charts.spans import Spans
from neurontui.tui.charts.terminal.blocks import RIGHT

_NUMBER = re.compile(r"[+-]?\d[\d,]*\.?\d*")


def text(line: Spans) -> str:
    """The line without its colors."""
    return "".join(span.text for span in line)


def numbers(line: Spans) -> list[float]:
    """Every number of a line, in order; languages and bars have none."""
    return [float(number.replace(",", "")) for number in _NUMBER.findall(text(line))]


def filled(line: Spans) -> float:
    """Share of its room that the bar of a line fills: its span is the only one with a background."""
    (bar,) = [span.text for span in line if span.paper is not None]
    eighths = sum(8 if cell == "█" else RIGHT.index(cell) for cell in bar)
    return eighths / 8 / len(bar)


def row_that_begins(lines: list[Spans], beginning: str) -> Spans:
    """The only line that begins with these words."""
    (line,) = [line for line in lines if text(line).startswith(beginning)]
    return line
