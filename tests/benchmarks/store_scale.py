"""Measures the store at any scale: journal, merge with every derived table, size, opening, and every named query.

python -m tests.benchmarks.store_scale --layers 30 --neurons 16384 --examples 5000 --out big.duckdb

Prints one table. Masks and seconds are those of writing, without generating the numbers; because other programs may
share the machine, rates are given a second of wall clock and a second of processor time. A file that this program has
made before is not made again: its making is remembered beside it, and only reading is measured anew.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb

from neurontui.store.admin.sizes import health
from neurontui.store.merge.merge import merge
from neurontui.store.reader import open_reader
from tests.benchmarks.store_reading import SECONDS, Timing, opening, reading
from tests.benchmarks.synthetic_store import journal_of, scale_of
from tests.benchmarks.synthetic_tables import Scale


@dataclass
class Clock:
    """Masks written, and seconds (of the wall, of the processor) spent on them and on all tables."""

    masks: int = 0
    of_masks: list[float] = field(default_factory=lambda: [0.0, 0.0])
    of_all: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def add(self, masks: int, seconds: float, busy: float) -> None:
        """Count a piece of a batch."""
        self.masks += masks
        for place, each in enumerate((seconds, busy)):
            self.of_all[place] += each
            if masks:
                self.of_masks[place] += each


@dataclass(frozen=True)
class Making:
    """What it took to make the file; pairs are seconds of the wall and of the processor."""

    masks: int
    writing_masks: list[float]
    writing_all: list[float]
    journal_bytes: int
    merging: list[float]
    steps: dict[str, list[float]]
    peak_bytes: int


def make(scale: Scale, out: Path) -> Making:
    """Journal and merge a synthetic run."""
    clock = Clock()
    journal = journal_of(scale, out, clock.add)
    size = sum(each.stat().st_size for each in journal.rglob("*.parquet"))
    marks: list[tuple[str, float, float]] = []

    def mark(table: str, *_: int) -> None:
        marks.append((table, time.perf_counter(), time.process_time()))

    mark("check of the shards")
    merge(journal, out, progress=mark)
    mark("end")
    steps = {name: [later - wall, busy - cpu] for (name, wall, cpu), (_, later, busy) in pairwise(marks)}
    merging = [marks[-1][1] - marks[0][1], marks[-1][2] - marks[0][2]]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Making(clock.masks, clock.of_masks, clock.of_all, size, merging, steps, peak)


def remembered(scale: Scale, out: Path) -> Making:
    """The making of the file: now, or when this program made it."""
    notes = out.with_name(f"{out.name}.making.json")
    if out.exists() and notes.exists():
        return Making(**json.loads(notes.read_text(encoding="utf-8")))
    made = make(scale, out)
    notes.write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made


def rows(made: Making, out: Path) -> Iterator[tuple[str, str, str]]:
    """What was measured, its value, and what was asked for."""
    with open_reader(out) as reader:
        tables = {each.table: each for each in health(reader, exact=True).tables}
    masks, size = made.masks, out.stat().st_size
    yield "bytes a mask, activations", f"{tables['activations'].bytes / masks:.2f}", "≤ 1.4"
    yield "bytes a mask, the whole file", f"{size / masks:.2f}", ""
    for name, each in sorted(tables.items(), key=lambda item: -item[1].bytes):
        if each.bytes > size / 200:
            yield f"  {name}, {each.rows:,} rows", f"{each.bytes / 1e6:,.0f} MB", ""
    yield "journal, bytes a mask", f"{made.journal_bytes / masks:.2f}", ""
    yield from _rate("into the journal, masks", masks, made.writing_masks, "≥ 10")
    yield from _rate("into the journal, with all other tables", masks, made.writing_all, "")
    yield from _rate("through the merge, all tables", masks, made.merging, "≥ 5")
    for name, (wall, busy) in made.steps.items():
        if busy > made.merging[1] / 50:
            yield f"  {name}", f"{wall:,.0f} s, {busy:,.0f} processor s", ""
    yield "peak memory, making and merging", f"{made.peak_bytes / 1e9:.1f} GB", ""
    opened, one = opening(out)
    yield "opening, in a fresh process", f"{opened:.3f} s", ""
    yield "one example and layer, in a fresh process", f"{one:.3f} s", f"< {SECONDS:g} s"


def _rate(what: str, masks: int, seconds: list[float], asked: str) -> Iterator[tuple[str, str, str]]:
    wall, busy = (masks / each / 1e6 for each in seconds)
    yield what, f"{wall:.1f} M/s, {busy:.1f} M a processor s", f"{asked} M/s" if asked else ""


def _line(what: str, value: str, asked: str) -> None:
    sys.stdout.write(f"{what:<50} {value:>34}  {asked}\n")
    sys.stdout.flush()


def _timing(each: Timing) -> None:
    asked = "says that it takes longer" if each.long else f"< {SECONDS:g} s"
    _line(
        each.what,
        f"{each.first:.3f} s first, {each.best:.3f} s best",
        asked + (" SLOW" if each.slow else ""),
    )


def main() -> None:
    """Make the file where it is not there, look, print."""
    parser = argparse.ArgumentParser(description="Measure the store.")
    parser.add_argument("--out", type=Path, required=True)
    scale, options = scale_of(parser)
    made = remembered(scale, options.out)
    _line(
        f"{scale.layers} layers × {scale.neurons:,} neurons × {scale.examples:,} examples × "
        f"{scale.languages} languages",
        f"{made.masks:,} masks",
        f"duckdb {duckdb.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
    )
    for row in rows(made, options.out):
        _line(*row)
    for each in reading(options.out):
        _timing(each)


if __name__ == "__main__":
    main()
