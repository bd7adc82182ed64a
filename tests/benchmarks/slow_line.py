"""A live session over a slow line: what each step of it writes and how long one waits for it.

    python -m tests.benchmarks.slow_line results.duckdb [--model M] [--delay 100] [--size 80x24]

The explorer runs in a pseudo-terminal. A relay between it and the terminal holds back every byte, in both directions,
and answers the terminal's questions, which the explorer may wait for. The run shown must be one whose model is there.
"""

import argparse
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

QUESTIONS = {rb"\x1b\[\?2026\$p": b"\x1b[?2026;2$y", rb"\x1b\[6n": b"\x1b[1;1R", rb"\x1b\[c": b"\x1b[?62c"}
"""What a terminal is asked, and what it answers."""
TYPING = 0.12
"""Seconds between two keys of somebody who types fast."""
DOWN, RIGHT, ESCAPE = "\x1b[B", "\x1b[C", "\x1b"


@dataclass(frozen=True)
class Step:
    """What somebody does, as keys; it ends after `quiet` seconds without output, and not before `until` was written."""

    name: str
    keys: tuple[str, ...]
    quiet: float = 0.6
    until: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """Seconds from the last key to the last byte on the screen, bytes, and questions."""

    last: float
    size: int
    n_questions: int


class SlowLine:
    """The explorer behind a line that holds back every byte for `delay` seconds in each direction."""

    def __init__(self, arguments: list[str], width: int, height: int, state: Path, delay: float) -> None:
        self._delay = delay
        self._main, secondary = pty.openpty()
        ioctl(secondary, TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        environment = {
            **os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "NEURONTUI_STATE": str(state),
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "neurontui.tui", "open", *arguments],
            stdin=secondary, stdout=secondary, stderr=secondary, env=environment,
        )  # fmt: skip
        os.close(secondary)

    def step(self, step: Step, longest: float = 60.0) -> Outcome:
        """Type the keys and wait until the screen is still."""
        now = time.monotonic()
        sent = [(now + place * TYPING + self._delay, key.encode()) for place, key in enumerate(step.keys)]
        typed = sent[-1][0] - self._delay if sent else now
        last = 0.0
        size = n_questions = 0
        waiting, written = bool(step.until), b""
        while time.monotonic() < now + longest:
            wait = sent[0][0] - time.monotonic() if sent else longest if waiting else step.quiet
            ready = select.select([self._main], [], [], max(wait, 0))[0]
            if not ready and not sent:
                break
            if sent and time.monotonic() >= sent[0][0]:
                os.write(self._main, sent.pop(0)[1])
            if ready:
                piece = self._read()
                if not piece:
                    break
                seen = time.monotonic() + self._delay
                written = written[-len(step.until) :] + piece
                waiting = waiting and step.until not in written
                size, last = size + len(piece), seen - typed
                answers = [answer for asked, answer in QUESTIONS.items() for _ in re.findall(asked, piece)]
                n_questions += len(answers)
                sent = sorted([*sent, *((seen + self._delay, answer) for answer in answers)])
        return Outcome(last, size, n_questions)

    def _read(self) -> bytes:
        try:
            return os.read(self._main, 1 << 16)
        except OSError:  # it has ended
            return b""

    def close(self) -> None:
        """End what is still running."""
        self._process.kill()
        self._process.wait()
        os.close(self._main)


STEPS = (
    Step("live screen, model described", ("P",), 1.0, b"load it"),
    Step("load the model (enter)", ("\r",), 1.0, b"8 tokens"),
    Step("leave the prompts (esc)", (ESCAPE,), 1.0),
    Step("to the language chips", ("L",)),
    Step("only English", ("O",), 1.0),
    Step("Thai on", (*"th", " "), 1.0),
    Step("Chinese on", (*"zh", " "), 1.0),
    Step("back to the screen (esc)", (ESCAPE,), 1.0),
    Step("edit the prompt", ("i",)),
    Step("type 20 letters", tuple("The capital of Chile")),
    Step("answer in three languages (enter)", ("\r",), 2.5),
    Step("next prompt", (DOWN,)),
    Step("type 5 letters", tuple(" now,")),
    Step("answer again (enter)", ("\r",), 2.5),
    Step("leave the prompts (esc)", (ESCAPE,), 1.0),
    Step("types and neurons", ("v",)),
    Step("menu of what is switched off", ("s",)),
    Step("switch off a type, answer", ("4",), 2.5),
    Step("menu again", ("s",)),
    Step("switch on again", ("0",), 2.5),
    Step("layers", ("2",), 1.0),
    Step("next layer, four times", tuple("llll")),
    Step("back to the live screen", ("P",), 1.0),
    Step("quit", ("\x11",), 2.0),
)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--delay", type=float, default=100, help="milliseconds in each direction")
    parser.add_argument("--size", default="80x24")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    arguments = [str(options.results), "--live", *(["--model", options.model] if options.model else [])]
    print("| step | keys | bytes a key | last byte, s | questions |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as state:
        line = SlowLine(arguments, width, height, Path(state), options.delay / 1000)
        try:
            for step in (Step("open, all claims tested", (), 3.0, b"contradicted"), *STEPS):
                _say(step, line.step(step))
        finally:
            line.close()


def _say(step: Step, outcome: Outcome) -> None:
    n_keys = len(step.keys)
    sizes = f"{outcome.size // max(n_keys, 1):,}"
    print(f"| {step.name} | {n_keys} | {sizes} | {outcome.last:.2f} | {outcome.n_questions} |")


if __name__ == "__main__":
    main()
