"""Values as text on the screens of the explorer."""

from datetime import datetime
from typing import Any


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
    """A percentage with one decimal."""
    return "–" if value is None else f"{value:.1f}"


def count(value: Any) -> str:
    """A whole number with thousands separators."""
    return "–" if value is None else f"{value:,}"


def signed(value: Any) -> str:
    """A number with its sign and two decimals."""
    return "–" if value is None else f"{value:+.2f}"


def duration(seconds: Any) -> str:
    """Seconds as hours, minutes or seconds."""
    if seconds is None:
        return "–"
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s" if seconds >= 60 else f"{seconds:.1f} s"


def plus_minus(value: Any, half: Any, digits: int = 1) -> str:
    """A value and half the width of its 95 % interval."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" + ("" if half is None else f" ±{half:.{digits}f}")
