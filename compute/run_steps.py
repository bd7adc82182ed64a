"""Steps that every run has, whatever it measures: positions for an open explorer, final tables, and the merge."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from neurontui.compute.config import RunConfig
from neurontui.compute.measures.measurer import Tables
from neurontui.compute.progress import Phase, Progress
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.position import Position, PositionFile
from neurontui.store.merge.merge import merge


@dataclass(frozen=True)
class Finished:
    """The result of a run."""

    run: int
    """Its number in the results file."""
    name: str
    n_examples: int
    measured: bool
    """False if the results file already had it."""


@dataclass(frozen=True)
class Filed:
    """Also writes each position into the journal, for an open explorer."""

    progress: Progress
    file: PositionFile

    def say(self, sentence: str) -> None:
        self.progress.say(sentence)

    def show(self, position: Position) -> None:
        self.file.show(position)
        self.progress.show(position)


def say_all(progress: Progress, sentences: Iterable[str]) -> None:
    """Say each sentence."""
    for sentence in sentences:
        progress.say(sentence)


def write_final(journal: Journal, pieces: Iterable[Tables]) -> None:
    """Write the tables of the whole run, which follow from all batches."""
    began = time.monotonic()
    with journal.final_writer() as writer:
        for tables in pieces:
            writer.append(tables)
        writer.publish(time.monotonic() - began, 0)


def merge_run(config: RunConfig, journal: Journal, progress: Progress, phase: Phase) -> int:
    """Merge a finished journal, which is closed; returns the number of the run."""
    return merge(
        journal.path,
        config.out,
        keep=config.keep,
        wait=progress.say,
        force=config.force,
        progress=_merging(phase.within("merging")),
    )


def _merging(phase: Phase) -> Callable[[str, int, int], None]:
    """The progress of `merge` within a phase."""
    steps = phase.within("step")
    return lambda _table, done, total: steps.reach(done, total)
