"""Every benchmark once, as Markdown: what `make bench` prints and docs/performance.md shows.

Times on a CPU are CPU seconds, and contenders take turns, so other work on the machine changes ratios little.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from tests.benchmarks import ablation, corpus, estimates, extraction, growth, real_shape, store_rates

LIBRARIES = ("torch", "transformers", "nnsight", "transformer-lens", "duckdb", "pyarrow")


def machine() -> str:
    """Where and when this is measured."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    libraries = ", ".join(f"{each} {version(each)}" for each in LIBRARIES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d} · {names[0] if names else platform.machine()} · {os.cpu_count()} cores, "
        f"{memory:.0f} GB · load average {os.getloadavg()[0]:.1f} · torch threads {torch.get_num_threads()} · "
        f"Python {platform.python_version()}, {libraries}"
    )


def report() -> Iterator[str]:
    """Line by line, as soon as it is known."""
    yield machine()
    yield "\n### Extraction\n"
    yield from extraction.table("cpu", rounds=3, hidden=1024)
    yield "\n### Ablation, scores, ranking\n"
    yield from ablation.table("cpu", rounds=2, hidden=256, n_examples=2)
    yield "\n### Real weights and prompts\n"
    yield from real_shape.table()
    yield "\n### Corpora\n"
    yield from corpus.table()
    yield "\n### Scaling\n"
    yield from growth.table()
    yield "\n### Journal and merge\n"
    with tempfile.TemporaryDirectory() as folder:
        yield from store_rates.table(Path(folder))
    yield "\n### Accuracy of dry-run estimates\n"
    yield from estimates.table()


def main() -> None:
    began = time.monotonic()
    for line in report():
        print(line, flush=True)
    print(f"took {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
