"""The command line in processes of their own, to be killed, starved and robbed of rights.

Each is forked from a server that has torch loaded: a start costs 20 ms instead of seconds, so that a hundred kills
take minutes. What the child runs is the command itself, from its arguments to its exit code.
"""

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAVY = (
    "neurontui.compute.run",
    "neurontui.compute.estimate.dry_run",
    "neurontui.tui.cli.progress_bar",
    "neurontui.tui.cli.commands.run",
    "neurontui.queries.results",
    "transformers.models.bloom.modeling_bloom",
    "transformers.models.llama.modeling_llama",
)
_CONTEXT = multiprocessing.get_context("forkserver")
# A process that may not read the installation cannot import a codec later.
_CONTEXT.set_forkserver_preload([*HEAVY, "encodings.utf_8_sig"])

Before = Callable[[], None]


@dataclass
class Command:
    """A command under way, or ended."""

    process: Any
    folder: Path
    began: float
    took: float = 0.0

    def wait(self, seconds: float = 300) -> int:
        """Its exit code; the negative number of a signal that ended it."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, f"still running after {seconds} s: {self.err}"
        return int(self.process.exitcode)

    def signal(self, number: int) -> None:
        """Send it a signal, where it is still there."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def kill(self) -> bool:
        """kill -9; whether it was still at work."""
        self.signal(signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    @property
    def out(self) -> str:
        """What it has written to stdout."""
        return (self.folder / "out").read_text(encoding="utf-8", errors="replace")

    @property
    def err(self) -> str:
        """What it has written to stderr."""
        return (self.folder / "err").read_text(encoding="utf-8", errors="replace")


def start(folder: Path, *arguments: object, before: Before | None = None) -> Command:
    """Start `neurontui ARGUMENTS`; its output goes into `folder`. `before` runs in the child first."""
    folder.mkdir(parents=True, exist_ok=True)
    line = [str(each) for each in arguments]
    process = _CONTEXT.Process(target=_child, args=(str(folder), line, before))
    process.start()
    while process.is_alive() and not (folder / "began").exists():
        time.sleep(0.002)
    (folder / "began").unlink(missing_ok=True)
    return Command(process, folder, time.monotonic())


def run(folder: Path, *arguments: object, before: Before | None = None) -> Command:
    """Let a command end."""
    command = start(folder, *arguments, before=before)
    command.wait()
    command.took = time.monotonic() - command.began
    return command


def _child(folder: str, arguments: list[str], before: Before | None) -> None:
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(folder) / name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", buffering=1, closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.argv = ["neurontui", *arguments]
    from neurontui.tui.cli.main import main

    (Path(folder) / "began").touch()
    if before is not None:
        before()
    main()


@dataclass(frozen=True)
class Limit:
    """A `before`: what the kernel allows the command, such as the size of any file it writes."""

    what: int
    amount: int

    def __call__(self) -> None:
        resource.setrlimit(self.what, (self.amount, self.amount))


def as_nobody() -> None:
    """A `before`: without root's rights, for whom no folder is read-only."""
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def on_a_full_disk() -> None:
    """A `before`: stdout is a disk without room."""
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


def without_stdout() -> None:
    """A `before`: stdout is closed, as by >&-."""
    os.close(1)
    sys.stdout = None  # type: ignore[assignment]


def in_ascii() -> None:
    """A `before`: a terminal that knows no UTF-8."""
    sys.stdout = os.fdopen(1, "w", encoding="ascii", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="ascii", buffering=1, closefd=False)
