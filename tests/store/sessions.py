"""Starts, kills and repeats sessions."""

import subprocess
import sys
import time
from pathlib import Path

from tests.moments import Moments

ROOT = Path(__file__).parents[2]


def start(results: Path, seed: int) -> "subprocess.Popen[str]":
    """A session in its own process, just before it touches the disk."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.session", str(results), str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(process, "ready")
    return process


def until(process: "subprocess.Popen[str]", word: str) -> None:
    """Read its output until it says `word`."""
    assert process.stdout is not None
    while (line := process.stdout.readline()) and line.strip() != word:
        pass


def finish(process: "subprocess.Popen[str]") -> None:
    """Wait for a session that must succeed."""
    _, error = process.communicate(timeout=120)
    assert process.returncode == 0, error


def uninterrupted(results: Path, seed: int) -> tuple[float, float]:
    """Let a session finish; returns how long it measured and how long it merged, in seconds."""
    process = start(results, seed)
    began = time.perf_counter()
    until(process, "merging")
    halfway = time.perf_counter()
    finish(process)
    return halfway - began, time.perf_counter() - halfway


def kill(results: Path, seed: int, moment: str, moments: Moments) -> None:
    """Kill -9 a session at a random time after `moment`."""
    process = start(results, seed)
    if moment == "merging":
        until(process, moment)
    moments.sleep()
    process.kill()
    process.communicate()
    moments.note(process.returncode != 0)


def litter(results: Path) -> list[Path]:
    """What lies beside a results file and belongs to it: journals, logs, scratch files."""
    return [each for each in results.parent.glob(f"*{results.stem}*") if each != results]
