"""Numbers with their intervals as text: significant digits, value and half width to the same place."""

import math

Number = float | None
"""A value, or None where there is none, which is written as a dash."""

NONE = "–"


def figures(value: Number, digits: int = 3) -> str:
    """A number with so many significant digits, without an exponent where it can be read without one."""
    if value is None:
        return NONE
    if value == 0:
        return "0"
    if not -4 <= _size(value) <= 6:
        return f"{value:.{digits - 1}e}".replace("e-0", "e-").replace("e+0", "e").replace("-", "−")
    return decimals(value, _places(value, digits))


def decimals(value: Number, places: int = 1) -> str:
    """A number with so many decimals."""
    if value is None:
        return NONE
    return f"{value:,.{places}f}".replace("-", "−")


def with_interval(value: Number, low: Number, high: Number, places: int | None = None) -> str:
    """A value and half its interval, both to the same place: all our intervals are symmetrical."""
    if value is None or low is None or high is None:
        return figures(value) if places is None else decimals(value, places)
    half = (high - low) / 2
    largest = max(abs(value), half)
    if largest and _size(largest) < -4:
        return f"{figures(value)} ± {figures(half, 2)}"
    if places is None:
        places = _places(largest, 3)
        if 0 < half < 10.0**-places:
            places = min(_places(half, 1), places + 2)
    return f"{decimals(value, places)} ± {decimals(half, places)}"


def _size(value: float) -> int:
    """Power of ten of the first digit; of 0, that of 1."""
    return math.floor(math.log10(abs(value))) if value else 0


def _places(value: float, digits: int) -> int:
    return max(0, digits - 1 - _size(value))
