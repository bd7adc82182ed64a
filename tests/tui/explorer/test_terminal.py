"""The explorer on a terminal of its own: drawn there, wherever stderr leads."""

import io
import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest

from neurontui.store.errors import UsageError
from neurontui.tui.explorer import terminal

SECONDS = 60.0


def _explorer_with_stderr_in(log: Path, store: Path) -> tuple[int, int]:
    """Start the explorer as `neurontui open STORE 2>LOG`; its process and the terminal it sees."""
    process, screen = pty.fork()
    if process == 0:
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 2)
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-m", "neurontui.tui", "open", str(store)])
    return process, screen


def _seen(screen: int, until: bytes) -> bytes:
    """What is drawn until some words stand there."""
    seen, end = b"", time.monotonic() + SECONDS
    while until not in seen and time.monotonic() < end:
        if select.select([screen], [], [], 0.2)[0]:
            seen += os.read(screen, 65536)
    return seen


def test_a_redirected_stderr_leaves_the_explorer_on_the_terminal(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    process, screen = _explorer_with_stderr_in(log, store)
    try:
        assert b"bloom-demo" in _seen(screen, b"bloom-demo")
        os.write(screen, b"q")
        _seen(screen, b"\x1b[?1049l")
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    finally:
        os.close(screen)
    assert log.read_bytes() == b""


def test_without_any_terminal_to_draw_on_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(terminal, "TERMINAL", "/nowhere/tty")
    before = sys.__stderr__
    with pytest.raises(UsageError, match="through stderr"), terminal.drawn_on_the_terminal():
        raise AssertionError("it must not draw")
    assert sys.__stderr__ is before
