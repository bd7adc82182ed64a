"""Results files for the tests of the store."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from neurontui.store.journal.journal import Journal
from neurontui.store.merge.merge import merge
from tests.store.made_up import MadeUp


def measure(run: MadeUp, results: Path) -> Path:
    """Journal a made-up run completely; returns its journal."""
    with Journal.open(results, run.manifest) as journal:
        for number, examples in enumerate(run.batches):
            if number not in journal.finished:
                journal.write(number, run.shards(examples), seconds=0.5, tokens=10 * len(examples))
        journal.write_final(run.final(), seconds=0.25)
    return journal.path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where a results file may come to lie; a path with what paths may hold."""
    folder = tmp_path / "it's a place"
    folder.mkdir()
    return folder / "results.duckdb"


@pytest.fixture(scope="session")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[MadeUp, ...]], Path]:
    """A results file with these runs, merged once a session; to be copied, not changed."""

    @cache
    def make(runs: tuple[MadeUp, ...]) -> Path:
        path = tmp_path_factory.mktemp("merged") / "results.duckdb"
        for run in runs:
            merge(measure(run, path), path)
        return path

    return make


@pytest.fixture
def store(results: Path, merged: Callable[[tuple[MadeUp, ...]], Path]) -> Callable[..., Path]:
    """Put made-up runs into one results file."""

    def make(*runs: MadeUp) -> Path:
        shutil.copy(merged(runs or (MadeUp(),)), results)
        return results

    return make
