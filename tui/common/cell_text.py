"""How one value looks in a file, in pasted text and in a table for people. The only place that decides it.

| value | csv, tsv | md, table | json |
|---|---|---|---|
| NULL | empty | empty | null |
| boolean | true, false | true, false | true, false |
| float | all digits | four digits | all digits; NaN and infinity are null |
| decimal | all digits | all digits | a number |
| date, time | 2026-01-02 03:04:05 | the same | 2026-01-02T03:04:05 |
| list | a b NULL | a b NULL | an array |
| nested list, struct, map | JSON | JSON | array, object, pairs |
| bytes | hexadecimal | hexadecimal | hexadecimal |
"""

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any


def exact(value: Any) -> str:
    """A value with all its digits, for csv and tsv."""
    return repr(value) if isinstance(value, float) else _text(value, exact)


def rounded(value: Any) -> str:
    """A value for people: floats with four significant digits, or one decimal from 1000 on."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.1f}"
    return _text(value, rounded)


def _text(value: Any, of_item: Callable[[Any], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list) and not any(isinstance(item, list | tuple | dict) for item in value):
        return " ".join("NULL" if item is None else of_item(item) for item in value)
    if isinstance(value, list | dict):
        return json.dumps(json_value(value), ensure_ascii=False)
    return str(value)


def json_value(value: Any) -> Any:
    """A value as what `json.dumps` takes, with nothing that JSON lacks."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Decimal):
        return _json_number(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {name: json_value(item) for name, item in value.items()}
    return value if value is None or isinstance(value, str | int) else str(value)


def _json_number(value: Decimal) -> int | float | None:
    if not value.is_finite():
        return None
    whole = value.as_tuple().exponent == 0
    return int(value) if whole else float(value)
