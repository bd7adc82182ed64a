"""The answer of sharing-by-family in words."""

from typing import Any

import pyarrow as pa

from neurontui.tui.charts.builders.families import family_lines

ROW: dict[str, Any] = {
    "relation": "family", "n_related": 0, "n_other": 0, "related": None, "unrelated": None,
    "difference": None, "low": None, "high": None, "p_value": None, "n_unknown": 0,
}  # fmt: skip


def _line(**changes: Any) -> str:
    table = pa.Table.from_pylist([{**ROW, **changes}])
    return "".join(part.text for part in family_lines(table)[-1])


def test_a_relation_without_pairs_says_why() -> None:
    assert "no such pair among these languages" in _line(n_other=3)
    assert "family not known for 2 of these languages" in _line(n_unknown=2)
