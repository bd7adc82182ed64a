"""Speed of the explorer on any results file: first paint, redraws, bytes written, canceling, a busy interface.

    python -m tests.benchmarks.explorer results.duckdb [--size 80x24]

Runs the real explorer in a pseudo-terminal and reads what it writes, as a terminal would. Latencies are from the key
to the last byte it causes, over those of a key that does nothing but move between the language chips. On a machine
that does other things too, look at the processor time beside them: what the explorer itself spent on the key.
"""

import argparse
import asyncio
import math
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

from neurontui.tui.explorer.gc_tuning import seldom_collected

SLOW_SQL = "select count(*) from range(100000000000) a where a.range % 7 = 3"
PROGRAM = ("-m", "neurontui.tui")
LEFT, RIGHT = "\x1b[D", "\x1b[C"
"""Arrow keys, which the language chips take; letters there are typed."""
LEGEND = b"contradicted"
"""A word of the legend below the claims."""
SLOW_VIEW = "what differs"
"""Reads all examples when it is asked for the first time."""
VIEWS: dict[str, dict[str, tuple[str, ...]]] = {
    "examples": {"d": ("picture by contribution", "picture by type", SLOW_VIEW, "list")},
    "neuron": {"v": ("similar neurons", "distribution", "strongest inputs")},
}
PATIENT = 20.0
"""Seconds without output after which a slow view counts as complete."""
QUIET = 0.25
"""Seconds without output after which a redraw counts as complete."""


@dataclass(frozen=True)
class Redraw:
    """What one key caused."""

    first: float
    last: float
    size: int
    busy: float = 0.0
    """Processor seconds of the explorer, all its threads."""
    claims: float = 0.0
    """When the legend of the claims was written, which comes with them; 0 if it was not."""


class Terminal:
    """The explorer in a pseudo-terminal."""

    def __init__(self, path: Path, width: int, height: int, state: Path, program: Sequence[str] = PROGRAM) -> None:
        self._main, secondary = pty.openpty()
        ioctl(secondary, TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        environment = {
            **os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none",
            "NEURONTUI_STATE": str(state),
        }  # fmt: skip
        self._patience = 30.0
        self._process = subprocess.Popen(
            [sys.executable, *program, "open", str(path)],
            stdin=secondary, stdout=secondary, stderr=secondary, env=environment,
        )  # fmt: skip
        os.close(secondary)

    def press(self, keys: str, quiet: float = QUIET, longest: float = 60.0) -> Redraw:
        """Press keys and wait until the screen is still."""
        began, busy = time.perf_counter(), self._busy()
        if keys:
            os.write(self._main, keys.encode())
        redraw = self._read(began, quiet, longest)
        return replace(redraw, busy=self._busy() - busy)

    def _busy(self) -> float:
        """Processor seconds so far, where the system tells."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _read(self, began: float, quiet: float, longest: float) -> Redraw:
        first = last = claims = 0.0
        size = 0
        written = b""
        while time.perf_counter() - began < longest:
            if not select.select([self._main], [], [], quiet if size else self._patience)[0]:
                break
            written = written[-len(LEGEND) :] + (piece := os.read(self._main, 1 << 16))
            size += len(piece)
            last = time.perf_counter() - began
            first = first or last
            if LEGEND in written:
                claims = claims or last
        return Redraw(first, last, size, claims=claims)

    def patience(self, seconds: float) -> None:
        """How long to wait for the first byte."""
        self._patience = seconds

    def close(self) -> None:
        """Quit."""
        os.write(self._main, b"\x11")
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            os.close(self._main)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("results", type=Path)
    arguments.add_argument("--size", default="80x24")
    arguments.add_argument("--repeats", type=int, default=9)
    options = arguments.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as state:
        os.environ["NEURONTUI_STATE"] = state  # a first visit, whatever the explorer has saved of this file
        _first_paint(options.results, width, height, Path(state))
        _redraws(options.results, width, height, Path(state), options.repeats)
        _cancel(options.results, width, height, Path(state))
        _blocking(options.results, width, height)


def _say(what: str, value: str, goal: str = "") -> None:
    print(f"{what:<52} {value:>26}   {goal}", flush=True)


def _over(redraw: Redraw, nothing: Redraw) -> str:
    """Milliseconds over a key that does nothing: on the clock, and of the processor."""
    clock, busy = redraw.last - nothing.last, redraw.busy - nothing.busy
    return f"{1000 * clock:.0f} ms (processor {1000 * busy:.0f})"


def _first_paint(path: Path, width: int, height: int, state: Path) -> None:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    python = time.perf_counter() - began
    paints, complete, settled, busy = [], [], [], []
    for _ in range(3):
        terminal = Terminal(path, width, height, state)
        # The first bytes switch the terminal over; the first paint is the first kilobyte or more.
        redraw = terminal.press("", quiet=10.0)
        busy.append(redraw.busy - python)
        paints.append(redraw.first - python)
        complete.append((redraw.claims or math.inf) - python)
        settled.append(redraw.last - python)
        terminal.close()
    _say("first output, after Python has started", f"{min(paints):.2f} s")
    _say("first screen complete, with its claims", f"{min(complete):.2f} s", "goal: 1 s")
    _say("the same with notes on last tokens", f"{min(settled):.2f} s (processor {min(busy):.2f})")


def _redraws(path: Path, width: int, height: int, state: Path, repeats: int) -> None:
    terminal = Terminal(path, width, height, state)
    terminal.press("", quiet=1.5)
    terminal.patience(2.0)
    for name, go, keys in (
        (
            "layers",
            "2",
            {
                "cursor": ("l", "h"),
                "language": (" ", " "),
                "style": ("s", "s"),
                "threshold": ("t", "t"),
            },
        ),
        ("languages", "3", {"cursor": ("j", "k"), "language": (" ", " ")}),
        ("examples", "4", {"next example": ("j", "k")}),
        ("neuron", "6", {"next neuron": ("]", "["), "next layer": ("}", "{")}),
    ):
        terminal.press(go, quiet=1.5)
        terminal.press("L")
        nothing = _median(terminal, (RIGHT, LEFT), repeats)
        terminal.press("\x1b", quiet=0.5)
        still = f"{1000 * nothing.last:.0f} ms (processor {1000 * nothing.busy:.0f})"
        _say(f"{name}: a key that only moves between chips", still)
        for what, pair in keys.items():
            if what == "language":
                terminal.press("L")
            _measured(terminal, f"{name}: {what}", pair, repeats, nothing)
            if what == "language":
                _unforeseen(terminal, name, nothing)
                terminal.press("\x1b", quiet=0.5)
        for key, views in VIEWS.get(name, {}).items():
            _views(terminal, name, key, views, repeats, nothing)
    terminal.close()


def _views(terminal: Terminal, name: str, key: str, views: Sequence[str], repeats: int, nothing: Redraw) -> None:
    """Every view that a key leads to, one after the other, the first one last."""
    first = [terminal.press(key, quiet=PATIENT if view == SLOW_VIEW else 0.5) for view in views]
    rounds = [[terminal.press(key) for _ in views] for _ in range(max(repeats // 2, 1))]
    for view, cold, warm in zip(views, first, map(_middle, zip(*rounds, strict=True)), strict=True):
        goal = "" if view == SLOW_VIEW else "goal: 50 ms over nothing"
        _say(f"{name}: {view}, asked for the first time", _over(cold, nothing), goal)
        _say(f"{name}: {view}, again", _over(warm, nothing), "goal: 50 ms over nothing")
        _say(f"{name}: {view}, bytes", f"{max(cold.size, warm.size):,}", "goal: 16,384")


def _unforeseen(terminal: Terminal, name: str, nothing: Redraw) -> None:
    """A chip that is switched in the moment the cursor comes to it."""
    found = [terminal.press(f"{RIGHT} ", quiet=0.6) for _ in range(3)]
    _say(f"{name}: on to a language and switch it at once", _over(_middle(found), nothing))


def _measured(terminal: Terminal, name: str, pair: tuple[str, str], repeats: int, nothing: Redraw) -> None:
    """Latencies of every key: the first press fills caches, so it is counted apart from the others."""
    cold = terminal.press(pair[0])
    terminal.press(pair[1])
    warm = _median(terminal, pair, repeats)
    _say(f"{name}, asked for the first time", _over(cold, nothing), "goal: 50 ms over nothing")
    _say(f"{name}, again", _over(warm, nothing), "goal: 50 ms over nothing")
    _say(f"{name}, bytes", f"{max(cold.size, warm.size):,}", "goal: 16,384")


def _median(terminal: Terminal, pair: tuple[str, str], repeats: int) -> Redraw:
    return _middle([terminal.press(pair[i % 2]) for i in range(2 * (repeats // 2))])


def _middle(redraws: Sequence[Redraw]) -> Redraw:
    return Redraw(
        statistics.median(each.first for each in redraws),
        statistics.median(each.last for each in redraws),
        round(statistics.median(each.size for each in redraws)),
        statistics.mean(each.busy for each in redraws),  # the system counts in hundredths
    )


def _cancel(path: Path, width: int, height: int, state: Path) -> None:
    terminal = Terminal(path, width, height, state)
    terminal.press("", quiet=1.5)
    terminal.press("9", quiet=1.0)
    terminal.press(SLOW_SQL, quiet=0.5)
    terminal.press("\x12", quiet=0.05, longest=2.0)
    time.sleep(1.0)
    # A lone escape byte waits a moment, for it may begin a key's sequence; that wait is part of what one feels.
    redraw = terminal.press("\x1b", quiet=0.2, longest=3.0)
    _say("a long query cancelled", f"{1000 * redraw.last:.0f} ms", "goal: 200 ms")
    terminal.close()


def _blocking(path: Path, width: int, height: int) -> None:
    with seldom_collected():
        first, again = asyncio.run(_longest_gaps(path, width, height))
    for what, (clock, busy) in (("", again), (", first visits", first)):
        took = f"{1000 * clock:.0f} ms (processor {1000 * busy:.0f})"
        _say(f"longest time the interface was busy{what}", took, "goal: 100 ms")


async def _longest_gaps(path: Path, width: int, height: int) -> list[tuple[float, float]]:
    """The largest delay of a heartbeat, and most processor time of the interface's thread between two of them.

    Every screen is visited, for the first time and again.
    """
    from neurontui.tui.explorer.app import Explorer
    from neurontui.tui.explorer.session import Session, open_files

    app = Explorer(Session(open_files([path], None), [path]))
    gaps: list[tuple[float, float]] = []

    async def beat() -> None:
        while True:
            began, busy = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.005)
            gaps.append((time.perf_counter() - began - 0.005, time.thread_time() - busy))

    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause(2)
        task = asyncio.create_task(beat())
        longest = []
        for _ in range(2):
            gaps.clear()
            for keys in ("2", "l", "s", "s", "3", "j", "4", "j", "5", "6", "7", "8", "1", "2"):
                for key in keys:
                    await pilot.press(key)
                    await pilot.pause(0.15)
            longest.append((max(gap for gap, _ in gaps), max(busy for _, busy in gaps)))
        task.cancel()
    return longest


if __name__ == "__main__":
    main()
