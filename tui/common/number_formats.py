"""Values as text on the screens of the explorer: with the digits that keep a finding, and no more."""

import math
from datetime import datetime
from typing import Any

MOST = 4
"""Decimals beyond which a number is only said to be smaller."""


def plain_value(value: Any) -> str:
    """Any value of a result: floats with six significant digits, list items separated by commas."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(plain_value(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def percent(value: Any) -> str:
    """A percentage with one decimal, and with more where it would round to nothing; only zero is written as 0."""
    return "–" if value is None else _text(value, _places(value, 1))


def cell(value: Any, sign: str = "", least: int = 1) -> str:
    """A number in four cells where it can be, as in a table with a column a language; `sign` is + or nothing."""
    if value is None:
        return "–"
    if abs(value) >= 99.95:
        return f"{value:{sign}.0f}"
    return _text(value, min(_places(value, least), 2), sign).replace("<0", "<")


def count(value: Any) -> str:
    """A whole number with thousands separators."""
    return "–" if value is None else f"{value:,}"


def signed(value: Any) -> str:
    """A number with its sign and two decimals, or more where it would round to nothing."""
    return "–" if value is None else _text(value, _places(value, 2), "+")


def duration(seconds: Any) -> str:
    """Seconds as hours, minutes or seconds."""
    if seconds is None:
        return "–"
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s" if seconds >= 60 else f"{seconds:.1f} s"


def plus_minus(value: Any, half: Any, digits: int = 1, sign: str = "") -> str:
    """A value and half the width of its 95 % interval, to the same place: the first digit of the half width shows."""
    if value is None:
        return "–"
    if half is None or not math.isfinite(half):
        return _text(value, _places(value, digits), sign)
    places = max(digits, min(_first_place(2 * half), MOST if abs(value) < 10 else MOST - 1))  # rounded up, it shows
    shown = round(value, places) or 0.0  # never -0.0
    if half == 0:
        return f"{_text(value, _places(value, digits), sign)} ±0"
    return f"{shown:{sign}.{places}f} ±{_text(half, places)}"


def _text(value: float, places: int, sign: str = "") -> str:
    if value == 0:
        return "0"
    word = f"{value:{sign}.{places}f}"
    if float(word):
        return word
    return f"<{_smallest(places)}" if value > 0 else f">-{_smallest(places)}"


def _smallest(places: int) -> str:
    return f"{10.0**-places:.{places}f}"


def _places(value: float, least: int) -> int:
    """Two digits of a number below 1, and the first one of a smaller number."""
    return max(least, min(max(_first_place(value), 2 if abs(value) < 1 else 0), MOST))


def _first_place(value: float) -> int:
    """The decimal of the first digit that is not zero; 0 for a number of 1 or more."""
    return max(0, -math.floor(math.log10(abs(value)))) if value and math.isfinite(value) else 0
