"""What prefetching gains: the same keys in the explorer with and without it, on any results file.

    python -m tests.benchmarks.prefetching results.duckdb [--rounds 2] [--presses 8]

Runs alternate with and without. A latency is from the key to the last byte it causes, less that of a key that only
moves between the language chips.
"""

import argparse
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.benchmarks.explorer import LEFT, PROGRAM, RIGHT, Terminal

WITHOUT = (
    "-c",
    "from neurontui.tui.explorer.screens.query_screen import QueryScreen\n"
    "QueryScreen.schedule_prefetch = lambda self: None\n"
    "import runpy; runpy.run_module('neurontui.tui', run_name='__main__')",
)
LONG = 0.9
"""Seconds without output after a key, a reader's pause: time to prefetch."""

Latencies = dict[str, list[float]]


def main() -> None:
    """Print a Markdown table."""
    options = _options()
    measured: dict[str, Latencies] = {"without": defaultdict(list), "with": defaultdict(list)}
    for _ in range(options.rounds):
        for mode, program in (("with", PROGRAM), ("without", WITHOUT)):
            with tempfile.TemporaryDirectory() as state:
                terminal = Terminal(options.results, 80, 24, Path(state), program)
                _press_all(terminal, options.presses, measured[mode])
                terminal.close()
    print("| key | without prefetching, ms | with prefetching, ms | n |\n|---|---:|---:|---:|")
    for key, slow in measured["without"].items():
        quick = measured["with"][key]
        print(f"| {key} | {statistics.median(slow):.0f} | {statistics.median(quick):.0f} | {len(slow)} |")
    for mode, latencies in measured.items():
        for key, values in latencies.items():
            print(f"{mode}, {key}: {' '.join(f'{value:.0f}' for value in values)}", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time keys of the explorer with and without prefetching.")
    parser.add_argument("results", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--presses", type=int, default=8, help="of each key in a round")
    return parser.parse_args()


def _press_all(terminal: Terminal, presses: int, latencies: Latencies) -> None:
    terminal.press("", quiet=1.5)
    terminal.patience(2.0)
    for screen, digit in (("Layers", "2"), ("Languages", "3")):
        terminal.press(digit, quiet=2.0)
        terminal.press("L")
        nothing = statistics.median(terminal.press(RIGHT if i % 2 else LEFT).last for i in range(6))
        for _ in range(presses):
            terminal.press(RIGHT, quiet=LONG)
            toggled = terminal.press(" ", quiet=LONG).last - nothing
            latencies[f"{screen}: switch a language"].append(1000 * toggled)
        terminal.press("A", quiet=1.0)
        terminal.press("\x1b", quiet=1.0)
    for key in "k" * (presses + 1) + "j" * (presses + 1):
        row = terminal.press(key, quiet=LONG)
        if row.last:
            latencies["Languages: next row"].append(1000 * (row.last - nothing))


if __name__ == "__main__":
    main()
