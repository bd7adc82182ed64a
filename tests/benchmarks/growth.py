"""How time, memory and disk grow with examples, languages and layers: linear, and flat in memory with examples.

python -m tests.benchmarks.growth
"""

import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.engines.local import measure_into
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workload import LANGUAGES, batch_of, measurer, workload

BASE = {"examples": 16, "languages": 10, "layers": 2}
POINTS = {"examples": (16, 32, 64), "languages": (5, 10, 20), "layers": (2, 4, 8)}
HIDDEN, AT_ONCE, REPEATS = 128, 8, 3
CODES = (*LANGUAGES, *(f"x{i}" for i in range(54)))


@dataclass(frozen=True)
class Point:
    """What one batch took, everything stored; the quickest of several times, for others share the machine."""

    seconds: float
    peak: int
    """Bytes of memory beyond the loaded model."""
    written: int
    """Bytes of the shards."""


def point(examples: int, languages: int, layers: int) -> Point:
    """Measure one batch, after a small one to warm up."""
    codes = CODES[:languages]
    work = workload("bloom", "cpu", HIDDEN, 1, layers)
    measure = measurer(work, examples_at_once=AT_ONCE)
    batch = batch_of(examples, random.Random(2), codes)
    with tempfile.TemporaryDirectory() as folder:
        measure_into(Path(folder) / "warm", measure, batch_of(2, random.Random(1), codes))
        taken = []
        with peak_memory() as peak:
            for number in range(REPEATS):
                began = time.process_time()
                measure_into(Path(folder) / f"batch{number}", measure, batch)
                taken.append(time.process_time() - began)
        written = sum(each.stat().st_size for each in (Path(folder) / "batch0").iterdir())
    return Point(min(taken), peak.bytes, written)


def table() -> Iterator[str]:
    """Markdown, row by row."""
    yield "| variable | value | CPU seconds | × first | peak memory, MB | × first | shards, × first |"
    yield "|---|---|---|---|---|---|---|"
    for what, values in POINTS.items():
        first = None
        for value in values:
            found = point(**BASE | {what: value})
            first = first or found
            yield (
                f"| {what} | {value} | {found.seconds:.1f} | {found.seconds / first.seconds:.2f} "
                f"| {found.peak / 1e6:.0f} | {found.peak / first.peak:.2f} | {found.written / first.written:.2f} |"
            )


def main() -> None:
    for line in table():
        print(line)


if __name__ == "__main__":
    main()
