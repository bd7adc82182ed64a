"""Several commands on one results file at once, and a clock that goes backwards."""

import random
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest

import neurontui.compute.run_key
from tests.conftest import Tally
from tests.faults.commands import run, start
from tests.faults.whole import Content, beside, content, line, undisturbed


def both_tasks(out: Path) -> Content:
    """Content of a file with the runs of two tasks, whichever came first, by task."""
    found = content(out, (1, 2))
    names = {number: str(found[f"runs {number}"]) for number in (1, 2)}
    return {f"{key[:-2]} {'fact' if 'fact' in names[int(key[-1])] else 'xnli'}": rows for key, rows in found.items()}


def wanted_of_both() -> Content:
    """The same from two undisturbed runs."""
    return {f"{key[:-2]} {task}": rows for task in ("fact", "xnli") for key, rows in undisturbed(task)[0].items()}


def two_at_once(folder: Path, times: int) -> None:
    """Two different runs into one file, started together."""
    for number in range(times):
        out = folder / f"two{number}.duckdb"
        both = [start(folder / f"said{task}", *line(out, task)) for task in ("fact", "xnli")]
        assert [each.wait() for each in both] == [0, 0], [each.err for each in both]
        assert both_tasks(out) == wanted_of_both()
        assert beside(out) == []


def the_same_twice(folder: Path, times: int, seed: int) -> int:
    """One command started twice; returns how often the second was sent away."""
    chance = random.Random(seed)
    wanted, lasts = undisturbed()
    busy = 0
    for number in range(times):
        out = folder / f"same{number}.duckdb"
        first = start(folder / "said1", *line(out))
        time.sleep(chance.uniform(0, lasts))
        second = start(folder / "said2", *line(out))
        codes = [first.wait(), second.wait()]
        assert 0 in codes, (first.err, second.err)
        assert set(codes) <= {0, 7}, (first.err, second.err)
        busy += 7 in codes
        assert "Traceback" not in first.err + second.err
        assert content(out) == wanted
        assert content(out, (2,))["runs 2"] == []
        assert beside(out) == []
    return busy


@pytest.mark.faults
def test_two_runs_at_once_and_one_twice(tmp_path: Path) -> None:
    two_at_once(tmp_path, times=1)
    the_same_twice(tmp_path, times=1, seed=1)


@pytest.mark.faults
def test_two_runs_at_once_ten_times(tmp_path: Path, tally: Tally) -> None:
    two_at_once(tmp_path, times=10)
    tally("fault", "two runs into one file at the same time", 10, "both are complete, as if each ran alone")


@pytest.mark.faults
def test_the_same_command_twice_ten_times(tmp_path: Path, tally: Tally) -> None:
    busy = the_same_twice(tmp_path, times=10, seed=2)
    tally(
        "fault",
        "the same command started twice",
        10,
        f"one run; {busy} times the second one had to wait",
    )


@pytest.mark.faults
def test_two_merges_at_once_ten_times(tmp_path: Path, tally: Tally) -> None:
    sources = {task: tmp_path / f"{task}.duckdb" for task in ("fact", "xnli")}
    for task, source in sources.items():
        assert run(tmp_path / "said", *line(source, task)).wait() == 0
    for number in range(10):
        out = tmp_path / f"m{number}.duckdb"
        one = start(tmp_path / "said1", "merge", sources["fact"], "--out", out)
        two = start(tmp_path / "said2", "merge", *sources.values(), "--out", out)
        assert [one.wait(), two.wait()] == [0, 0], (one.err, two.err)
        assert both_tasks(out) == wanted_of_both()
        assert beside(out) == []
    tally("fault", "two `neurontui merge` into one file at the same time", 10, "every run once")


class _Past(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_Past":
        return super().now(tz) - timedelta(days=20_000)


def before_the_epoch() -> None:
    """A `before`: the clock was set back by 55 years, as it is on a machine without a battery."""
    now, stamp = time.time, time.time_ns
    time.time = lambda: now() - 20_000 * 86_400
    time.time_ns = lambda: stamp() - 20_000 * 86_400 * 10**9
    neurontui.compute.run_key.datetime = _Past  # type: ignore[attr-defined]


@pytest.mark.faults
def test_a_clock_that_goes_backwards(tmp_path: Path, tally: Tally) -> None:
    out = tmp_path / "r.duckdb"
    wanted, lasts = undisturbed()
    first = start(tmp_path / "said", *line(out))
    time.sleep(lasts * 0.7)
    first.kill()
    again = run(tmp_path / "said", *line(out), before=before_the_epoch)
    assert again.wait() == 0, again.err
    assert content(out) == wanted
    other = tmp_path / "other.duckdb"
    assert run(tmp_path / "said", *line(other), before=before_the_epoch).wait() == 0
    assert content(other) == wanted
    tally(
        "fault",
        "the clock set back by 55 years between two sessions, and before one",
        2,
        "the same content",
    )
