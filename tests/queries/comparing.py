"""Comparing a query's table with what NumPy says."""

import math
import random
from typing import Any

import pyarrow as pa
import pytest

LANGUAGES = ("en", "de", "fr", "ru", "zh")


def subsets(n: int, smallest: int, seed: int) -> list[list[str]]:
    """Random sets of languages, always with the whole and one of the smallest size."""
    draw = random.Random(seed)
    found = [list(LANGUAGES), draw.sample(LANGUAGES, smallest)]
    while len(found) < n:
        found.append(draw.sample(LANGUAGES, draw.randint(smallest, 5)))
    return found


def close(found: object, expected: float) -> bool:
    """Equal up to rounding, where NULL stands for nan; t is tabled to seven digits."""
    if found is None:
        return math.isnan(expected)
    return bool(float(str(found)) == pytest.approx(expected, rel=1e-5, abs=1e-6))


def check(table: pa.Table, keys: tuple[str, ...], expected: dict[Any, dict[str, float]]) -> None:
    """The table has exactly these rows, and these values in them."""
    rows = {tuple(row[key] for key in keys): row for row in table.to_pylist()}
    wanted = {key if isinstance(key, tuple) else (key,): values for key, values in expected.items()}
    assert rows.keys() == wanted.keys()
    assert table.num_rows == len(wanted)
    for key, values in wanted.items():
        for column, value in values.items():
            assert close(rows[key][column], value), (key, column, rows[key][column], value)


def interval(values: tuple[float, ...], name: str = "ratio", *, prefix: str = "") -> dict[str, float]:
    """Columns of an estimate with its interval."""
    return dict(zip((name, f"{prefix}low", f"{prefix}high"), values, strict=True))


def same(found: pa.Table, expected: pa.Table) -> None:
    """Equal, but for the last digits: threads may add doubles in another order."""
    assert found.schema == expected.schema
    for name in found.column_names:
        a, b = found[name].to_pylist(), expected[name].to_pylist()
        assert a == (pytest.approx(b) if found[name].type == pa.float64() else b)
