"""One results file for all tests of the queries: several runs, and an empty one."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.store import schema
from tests.queries.raw_run import RawRun, make_run, write_runs


@dataclass(frozen=True)
class Toy:
    """Raw runs, and the file that holds them under the numbers 1, 2, …"""

    runs: tuple[RawRun, ...]
    path: Path

    def __getitem__(self, number: int) -> RawRun:
        return self.runs[number - 1]


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Run 1: everything. 2: other task, fewer languages in another order. 3: run 1's examples, other model.

    4: types only, one fold, no masks kept. 5: two languages.
    """
    first = make_run(1)
    runs = (
        first,
        make_run(2, "toy · xnli", ("zh", "en", "ru", "de"), task="xnli", examples=30),
        make_run(3, "other · fact", model="other"),
        make_run(
            4, "bare · fact", model="bare", attribution=False, keep_masks=False, conditions=(), examples=10,
            folds=(3,) * 10, answers=(), correct=np.full((10, 5), np.nan), thresholds=(0.0,), rank=np.zeros(0),
        ),
        make_run(5, "pair · fact", ("en", "de"), model="pair"),
    )  # fmt: skip
    return Toy(runs, write_runs(tmp_path_factory.mktemp("toy") / "toy.duckdb", *runs))


@pytest.fixture(scope="session")
def results(toy: Toy) -> Iterator[Results]:
    """The open file."""
    with open_results(toy.path) as opened:
        yield opened


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results file without a run."""
    path = tmp_path_factory.mktemp("empty") / "empty.duckdb"
    schema.create(path)
    return path
