"""kill -9 at random moments, then the same command again: the content is that of an uninterrupted run."""

import random
from pathlib import Path

import pytest

from tests.moments import Moments
from tests.store.content import content
from tests.store.sessions import finish, kill, litter, start, uninterrupted


@pytest.mark.parametrize("moment", [pytest.param("ready", marks=pytest.mark.faults), "merging"])
def test_what_was_killed_goes_on_to_the_same_content(moment: str, tmp_path: Path) -> None:
    kill_and_repeat(moment, times=1, folder=tmp_path, seed=11)


def test_two_runs_measured_at_once_both_arrive(tmp_path: Path) -> None:
    together, apart = tmp_path / "together.duckdb", tmp_path / "apart.duckdb"
    both = [start(together, 1), start(together, 2)]
    for each in both:
        finish(each)
    for seed in (1, 2):
        uninterrupted(apart, seed)
    found, wanted = content(together, (1, 2)), content(apart, (1, 2))
    swapped = found["runs 1"] != wanted["runs 1"]  # whoever merges first is run 1
    for key, rows in wanted.items():
        table, run = key.split()
        assert found[f"{table} {3 - int(run) if swapped else run}"] == rows, table
    assert litter(together) == []


def test_the_same_run_started_twice_is_measured_once(tmp_path: Path) -> None:
    results = tmp_path / "results.duckdb"
    both = [start(results, 3), start(results, 3)]
    errors = [each.communicate(timeout=120)[1] for each in both]
    busy = [error for error in errors if error]
    assert len(busy) <= 1
    assert all("BusyError: Another process is measuring this run" in each for each in busy), busy
    finish(start(results, 3))
    assert len(content(results)["runs 1"]) == 1
    assert content(results, (2,))["runs 2"] == []


def kill_and_repeat(moment: str, times: int, folder: Path, seed: int) -> int:
    """Kill `times` sessions, each in a file of its own, and repeat them; returns how many were still at work."""
    chance = random.Random(seed)
    model = folder / "uninterrupted.duckdb"
    measuring, merging = uninterrupted(model, 1)
    wanted = content(model)
    moments = Moments(chance, measuring + merging if moment == "ready" else merging)
    for number in range(times):
        results = folder / f"killed{number}.duckdb"
        for _ in range(chance.randint(1, 2)):
            kill(results, 1, moment, moments)
        finish(start(results, 1))
        assert content(results) == wanted
        assert litter(results) == []
        results.unlink()
    return moments.hit
