"""Layers, Languages and Findings say if last tokens may be the reason for sharing, and nothing if they are not."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.queries import open_results
from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import NARROW, press, settle, text_of
from tests.tui.sample import Plan, write_sample

BY_LANGUAGE = "last token and language cannot be separated: together they account for 100 % of the differences"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Neurons follow the language alone."""
    path = write_sample(tmp_path_factory.mktemp("tokens") / "r.duckdb", Plan(examples=8, neurons=32, layers=2))
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "UPDATE activations SET mask = hash(100 * layer + neuron) & all_mask "
            "FROM runs WHERE runs.run = activations.run"
        )
    return path


@pytest.mark.parametrize(("token", "line"), [("language", BY_LANGUAGE), ("'?'", "")])
async def test_screens_about_sharing_say_it(
    explorer: Callable[..., Explorer], sample: Path, tmp_path: Path, token: str, line: str
) -> None:
    path = tmp_path / "results.duckdb"
    path.write_bytes(sample.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"UPDATE examples SET last_token = {token}")
    app = explorer(path)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for key in ("2", "v", "3"):
            await press(pilot, key)
            words = " ".join(text_of(app).split())
            assert (line in words) if line else ("last token" not in words), key
    with open_results(path) as results:
        findings = {row["claim"]: row["finding"] for row in results.query("claims", run=1).to_pylist()}
    assert (BY_LANGUAGE in findings["relatives-share-no-more"]) == bool(line)
    assert "last token" not in findings["types-vary"]
