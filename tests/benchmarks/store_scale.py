"""Measures the store at any scale: journal, merge with every derived table, size, open time, memory.

python -m tests.benchmarks.store_scale --layers 30 --neurons 16384 --examples 5000 --out big.duckdb

Masks and seconds are those of writing alone, without making the numbers up. Rates are given a second of wall clock and,
because other programs may share the machine, a second of processor time.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import duckdb

from neurontui.store.maintain import health
from neurontui.store.merge import merge
from neurontui.store.reader import Reader, open_reader
from tests.benchmarks.synthetic_store import journal_of, scale_of

_OPEN = """
import sys, time
from pathlib import Path
from neurontui.store.reader import open_reader
began = time.perf_counter()
with open_reader(Path(sys.argv[1])) as reader:
    opened = time.perf_counter() - began
    began = time.perf_counter()
    reader.cursor().execute("SELECT neuron, type FROM neurons WHERE run = 1 AND example = 7 AND layer = 3").fetchall()
print(opened, time.perf_counter() - began)
"""

# How people read it; 425 is the mask of five of the ten languages.
PATTERNS = {
    "one example, one layer": "SELECT neuron, type, languages FROM neurons WHERE run = 1 AND example = 7 AND layer = 3",
    "one example, all layers": "SELECT layer, type, count(*) FROM neurons WHERE run = 1 AND example = 7 GROUP BY ALL",
    "one neuron, all examples": "SELECT example, type FROM neurons WHERE run = 1 AND layer = 3 AND neuron = 77",
    "persistence over a subset of the languages": """
        SELECT layer, count_if(most = total) FROM (
            SELECT layer, neuron, max(n) AS most, sum(n) AS total FROM (
                SELECT layer, neuron, sum(n) AS n,
                    CASE WHEN mask & 425 = 0 THEN 0 WHEN mask & 425 = 425 THEN 3
                         WHEN bit_count(mask & 425) = 1 THEN 1 ELSE 2 END AS kind
                FROM neuron_masks WHERE run = 1 GROUP BY layer, neuron, kind)
            GROUP BY layer, neuron)
        GROUP BY layer""",
    "specific to one language in half the examples": """
        SELECT layer, neuron FROM neuron_masks JOIN runs USING (run)
        WHERE run = 1 AND mask = 2 AND n >= n_examples / 2""",
    "types of every layer": "SELECT layer, sum(n_all) FROM example_types WHERE run = 1 GROUP BY layer",
    "types of all masks (scans them all)": "SELECT type, count(*) FROM neurons WHERE run = 1 GROUP BY type",
}


@dataclass
class Clock:
    """Masks written, and seconds spent on them and on all tables, their checksums and fsync."""

    masks: int = 0
    seconds: float = 0.0
    seconds_of_all: float = 0.0

    def add(self, masks: int, seconds: float) -> None:
        """Count a piece of a batch."""
        self.masks += masks
        self.seconds_of_all += seconds
        if masks:
            self.seconds += seconds


def measure_merge(
    journal: Path, results: Path
) -> tuple[float, float, dict[str, tuple[float, float]]]:
    """Seconds, processor seconds, and both for each table."""
    marks: list[tuple[str, float, float]] = []

    def mark(table: str, *_: int) -> None:
        marks.append((table, time.perf_counter(), time.process_time()))

    mark("check the shards")
    merge(journal, results, progress=mark)
    mark("end")
    steps = {
        name: (later - wall, busy - cpu) for (name, wall, cpu), (_, later, busy) in pairwise(marks)
    }
    return marks[-1][1] - marks[0][1], marks[-1][2] - marks[0][2], steps


def main() -> None:
    """Journal, merge, look; print what was measured as JSON."""
    parser = argparse.ArgumentParser(description="Measure the store.")
    parser.add_argument("--out", type=Path, required=True)
    scale, options = scale_of(parser)
    out: Path = options.out
    clock = Clock()
    journal = journal_of(scale, out, clock.add)
    shards = sum(each.stat().st_size for each in journal.rglob("*.parquet"))
    wall, cpu, steps = measure_merge(journal, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    masks = scale.layers * scale.neurons * scale.examples
    opened, one = map(float, _fresh(out).split())
    with open_reader(out) as reader:
        patterns = {name: _time(reader, sql) for name, sql in PATTERNS.items()}
        tables = {each.table: each.bytes for each in health(reader).tables}
    report = {
        "masks": masks,
        "duckdb": duckdb.__version__,
        "cores": os.cpu_count(),
        "load average": os.getloadavg()[0],
        "journal: masks a second (M)": clock.masks / clock.seconds / 1e6,
        "journal: masks a second with all other tables (M)": clock.masks
        / clock.seconds_of_all
        / 1e6,
        "journal: bytes": shards,
        "merge: masks a second (M)": masks / wall / 1e6,
        "merge: masks a processor second (M)": masks / cpu / 1e6,
        "merge: seconds": wall,
        "merge: seconds, processor seconds of each table": steps,
        "file: bytes": out.stat().st_size,
        "file: bytes a mask, activations": tables["activations"] / masks,
        "file: bytes a mask, everything": out.stat().st_size / masks,
        "file: bytes of each table": tables,
        "open: seconds": opened,
        "one example and layer, in a fresh process: seconds": one,
        "reading: first and best of three, seconds": patterns,
        "peak memory of making, journal and merge (GB)": peak / 1e9,
        "disk left (GB)": shutil.disk_usage(out.parent).free / 1e9,
    }
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


def _time(reader: Reader, sql: str) -> tuple[float, float]:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        reader.cursor().execute(sql).fetchall()
        took.append(time.perf_counter() - began)
    return took[0], min(took)


def _fresh(path: Path) -> str:
    """Open and one reading, in a process that has nothing of the file in memory of its own."""
    command = [sys.executable, "-c", _OPEN, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
