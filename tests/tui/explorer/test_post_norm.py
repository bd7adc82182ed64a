"""Screens with scores say whether these include the norm behind each FFN; for models without one they say nothing."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import NARROW, press, settle, text_of
from tests.tui.sample import Plan, write_sample

NORMS = '{"model_digest": "0", "post_norm": true, "post_norm_layers": 3}'
RAW = '{"model_digest": "0", "post_norm": false, "post_norm_layers": 3}'
OLD = '{"model_digest": "0"}'
CASES = [
    ("gemma2", NORMS, "scores include the norm or factor behind each FFN (3 of 3 layers)"),
    ("gemma2", RAW, "scores exclude the norm or factor behind each FFN (3 of 3 layers)"),
    ("gemma2", OLD, "not recorded whether scores include the norm or factor behind each FFN"),
    ("bloom", OLD, ""),
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("norms") / "r.duckdb", Plan(examples=6, neurons=16, layers=3))


@pytest.mark.parametrize(("architecture", "settings", "line"), CASES)
async def test_screens_with_scores_say_it(
    explorer: Callable[..., Explorer], sample: Path, tmp_path: Path, architecture: str, settings: str, line: str
) -> None:
    path = tmp_path / "results.duckdb"
    path.write_bytes(sample.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET architecture = ?, settings = ?", [architecture, settings])
    app = explorer(path)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for view in range(5):
            await press(pilot, "7" if view == 0 else "v")
            shown = " ".join(text_of(app).split())
            assert (line in shown) if line else ("norm or factor" not in shown), view
        await press(pilot, "4")
        words = " ".join(text_of(app).split())
        assert ("norm or factor" in words or "norm" in words) == bool(line)
        await press(pilot, "6")
        words = " ".join(text_of(app).split())
        assert ("norm or factor" in words or "norm" in words) == bool(line)
