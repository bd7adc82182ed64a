"""Closed pipes, closed streams and full devices are handled as in other Unix programs."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from neurontui.store.errors import ExitCode

BAD = f"{'long' * 30}.jsonl"
COMMAND = f"{shlex.quote(sys.executable)} -m neurontui.tui"
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: the system has no /dev/full")


def _shell(line: str, results: Path, folder: Path) -> tuple[int, str]:
    """Exit code and stderr of the command."""
    script = line.replace("neurontui", COMMAND).replace("RESULTS", f"'{results}'").replace("BAD", BAD)
    done = subprocess.run(
        ["bash", "-c", f"{script}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True, cwd=folder, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a task file; the lines about its problems, which name it, do not fit into a pipe (64 KiB)."""
    (tmp_path / BAD).write_text('{"id":"a"}\n' * 5000)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "neurontui sql RESULTS 'select * from range(3000000)' --format csv | head -1",
        "neurontui sql RESULTS 'select * from range(900)' | true",
        "neurontui info RESULTS | true",
        "neurontui --help | true",
        "neurontui check BAD | head -1",
        "neurontui check BAD 2>&1 | true",
    ],
)
def test_a_reader_that_has_gone(measured: Path, folder: Path, line: str) -> None:
    code, said = _shell(line, measured, folder)
    assert code == ExitCode.READER_GONE
    assert said == ""


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("neurontui query RESULTS runs >&-", 0),
        ("neurontui query RESULTS runs <&- >&- 2>&-", 0),
        ("neurontui query RESULTS nothing 2>&-", 2),
        ("neurontui sql RESULTS - <&-", 2),
        ("neurontui open RESULTS <&- >&- 2>&-", 2),
        ("neurontui query RESULTS nothing 2>&1 | true", 2),
        ("neurontui query --nothing 2>&1 | true", 2),
        ("neurontui 2>&1 | true", 2),
    ],
)
def test_closed_streams_keep_the_exit_code(measured: Path, folder: Path, line: str, code: int) -> None:
    assert _shell(line, measured, folder)[0] == code


@FULL
@pytest.mark.parametrize(
    ("line", "code", "word"),
    [
        ("neurontui query RESULTS runs --format csv > /dev/full", 3, "disk is full"),
        ("neurontui --help > /dev/full", 3, "disk is full"),
        ("neurontui query RESULTS nothing 2> /dev/full", 2, ""),
        ("neurontui query RESULTS nothing > /dev/full 2> /dev/full", 2, ""),
    ],
)
def test_devices_without_room(measured: Path, folder: Path, line: str, code: int, word: str) -> None:
    got, said = _shell(line, measured, folder)
    assert got == code
    assert word in said
    assert len(said.splitlines()) == bool(word)
