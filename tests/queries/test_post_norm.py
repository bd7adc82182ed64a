"""What a results file says about norms behind FFNs: included, excluded, not recorded, or not there."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from neurontui.queries import open_results
from tests.queries.conftest import Toy

CASES = [
    ("bloom", {"post_norm": True, "post_norm_layers": 0}, True, None),
    ("gemma2", {"post_norm": True, "post_norm_layers": 3}, True, "scores include the norm"),
    ("gemma2", {"post_norm": False, "post_norm_layers": 2}, False, "scores exclude the norm"),
    ("new_architecture", {"post_norm": True, "post_norm_layers": 1}, True, "scores include the norm"),
    ("gemma2", {}, None, "not recorded whether scores include the norm"),
    ("granite", {}, None, "not recorded whether scores include the norm"),
    ("bloom", {}, None, None),
]


def rows_of(path: Path, architecture: str, settings: dict[str, Any]) -> list[dict[str, Any]]:
    with duckdb.connect(str(path)) as connection:
        values = [architecture, json.dumps(settings)]
        connection.execute("UPDATE runs SET architecture = ?, settings = ? WHERE run = 1", values)
    with open_results(path) as results:
        return results.query("post-norm", run=1).to_pylist()


@pytest.fixture
def copied(toy: Toy, tmp_path: Path) -> Path:
    path = tmp_path / "toy.duckdb"
    path.write_bytes(toy.path.read_bytes())
    return path


@pytest.mark.parametrize(("architecture", "settings", "included", "note"), CASES)
def test_the_note(
    copied: Path, architecture: str, settings: dict[str, Any], included: bool | None, note: str | None
) -> None:
    (row,) = rows_of(copied, architecture, settings)
    layers = settings.get("post_norm_layers")
    assert (row["included"], row["layers"]) == (included, layers)
    if note is None:
        assert row["note"] is None
    else:
        assert row["note"].startswith(note)
        assert ("of 3 layers)" in row["note"]) == (layers is not None)


def test_a_run_without_scores_has_no_row(copied: Path) -> None:
    with duckdb.connect(str(copied)) as connection:
        connection.execute("DELETE FROM attribution WHERE run = 1")
    assert rows_of(copied, "gemma2", {}) == []
