"""kill -9, SIGTERM and Ctrl+C at random moments of the real commands; afterwards all is as if nobody had disturbed."""

import random
import shlex
import shutil
import signal
import time
from pathlib import Path

import pytest

from neurontui.store.journal.journal import list_journals
from neurontui.store.journal.shards import is_whole
from tests.conftest import Tally
from tests.faults.commands import run, start
from tests.faults.whole import beside, content, line, undisturbed
from tests.moments import Moments

SAME = "the same content as an uninterrupted run, table by table"


def kill_runs(folder: Path, rounds: int, kills: int, seed: int) -> int:
    """Kill -9 a run `kills` times, finish and compare it, `rounds` times over; returns how many were still at work."""
    wanted, lasts = undisturbed()
    moments = Moments(random.Random(seed), lasts)
    for number in range(rounds):
        out = folder / f"killed{number}.duckdb"
        for _ in range(kills):
            command = start(folder / "said", *line(out))
            moments.sleep()
            moments.note(command.kill())
            _journals_are_whole(out)
        last = run(folder / "said", *line(out))
        assert last.wait() == 0, last.err
        assert content(out) == wanted
        assert beside(out) == []
    return moments.hit


def stop_runs(folder: Path, number: int, times: int, seed: int) -> tuple[int, float]:
    """Send a signal to runs; returns how many it stopped and the longest that one took to end, in seconds."""
    wanted, lasts = undisturbed()
    moments, slowest = Moments(random.Random(seed), lasts, earliest=0.02), 0.0
    for attempt in range(times):
        out = folder / f"stopped {attempt}.duckdb"
        command = start(folder / "said", *line(out))
        moments.sleep()
        sent = time.monotonic()
        command.signal(number)
        code = command.wait(60)
        took = time.monotonic() - sent
        _journals_are_whole(out)
        assert "Traceback" not in command.err
        assert code in (0, 130), command.err
        moments.note(code == 130)
        if code == 130:
            slowest = max(slowest, took)
            printed = command.err.partition("Rerun the same command to resume:\n")[2]
            given = shlex.split(printed.splitlines()[0])
            assert given == ["neurontui", *map(str, line(out))]
            again = run(folder / "said", *given[1:])
            assert again.wait() == 0, again.err
        assert content(out) == wanted
        assert beside(out) == []
    return moments.hit, slowest


def _journals_are_whole(out: Path) -> None:
    for journal in list_journals(out):
        assert all(is_whole(each) for each in journal.path.glob("batch-*"))


@pytest.mark.faults
def test_a_run_killed_fifty_times(tmp_path: Path, tally: Tally) -> None:
    hit = kill_runs(tmp_path, rounds=10, kills=5, seed=1)
    assert hit > 25
    tally(
        "fault",
        "kill -9 of `neurontui run`, up to five times a run",
        hit,
        f"rerunning the command gives {SAME}",
    )


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_by_a_signal(number: signal.Signals, tmp_path: Path, tally: Tally) -> None:
    stopped, slowest = stop_runs(tmp_path, number, times=12, seed=2)
    assert stopped > 5
    came = f"ended after {slowest:.1f} s at most; the printed command gives {SAME}"
    tally("fault", f"{number.name} to `neurontui run`", stopped, came)


@pytest.mark.faults
def test_a_merge_of_files_killed_fifty_times(tmp_path: Path, tally: Tally) -> None:
    sources = [tmp_path / f"{task}.duckdb" for task in ("fact", "xnli")]
    for source, task in zip(sources, ("fact", "xnli"), strict=True):
        assert run(tmp_path / "said", *line(source, task)).wait() == 0
    merge = ("merge", *sources, "--out")
    first = run(tmp_path / "said", *merge, tmp_path / "undisturbed.duckdb")
    assert first.wait() == 0, first.err
    wanted = content(tmp_path / "undisturbed.duckdb", (1, 2))
    moments = Moments(random.Random(3), first.took)
    for number in range(50):
        out = tmp_path / f"merged{number}.duckdb"
        if number % 2:  # half of them into a file that has a run already
            shutil.copy(sources[0], out)
        command = start(tmp_path / "said", *merge, out)
        moments.sleep()
        moments.note(command.kill())
        last = run(tmp_path / "said", *merge, out)
        assert last.wait() == 0, last.err
        assert content(out, (1, 2)) == wanted
        assert beside(out) == []
        out.unlink()
    assert moments.hit > 25
    tally("fault", "kill -9 of `neurontui merge`", moments.hit, f"rerunning the command gives {SAME}")


@pytest.mark.faults
def test_a_run_killed_and_stopped_once(tmp_path: Path) -> None:
    kill_runs(tmp_path, rounds=1, kills=1, seed=4)
    stop_runs(tmp_path, signal.SIGINT, times=1, seed=5)
