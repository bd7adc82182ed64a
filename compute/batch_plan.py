"""Which examples are measured together. It depends only on the task and the model, so all engines cut alike.

The journal stores a batch completely or not at all, so an interrupted run loses at most the batch in progress. Sums
over examples are written once per batch, with a row per neuron and language, so a few large batches are smaller on
disk and merge faster than many small ones.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from neurontui.compute.batch import Batch
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.folds import N_FOLDS, folds

_LEAST, _MOST = 128, 512
_SECONDS = 300.0
"""Intended duration of a batch: the work that an interruption can lose."""


def batch_size(n_examples: int, seconds_an_example: float) -> int:
    """Examples per batch: a twentieth of the run, between 128 and 512, but at most about five minutes of work."""
    size = min(_MOST, max(_LEAST, math.ceil(n_examples / N_FOLDS)))
    return max(1, min(size, int(_SECONDS / max(seconds_an_example, 1e-9))))


def plan(data: TaskData, examples_a_batch: int) -> list[Batch]:
    """Cut the examples of a task into batches, in order.

    A batch holds whole folds if they fit, and a large fold is cut into batches of its own. Partial sums are kept by
    fold, so a batch with parts of many folds would hardly reduce the number of rows.
    """
    of_example = folds(data.examples)
    return [
        Batch(
            number=number,
            indices=tuple(group),
            folds=tuple(of_example[i] for i in group),
            examples=tuple(data.examples[i] for i in group),
            languages=data.languages,
        )
        for number, group in enumerate(_groups(of_example, examples_a_batch))
    ]


def _groups(of_example: Sequence[int], size: int) -> Iterator[list[int]]:
    together: list[int] = []
    for _, block in groupby(range(len(of_example)), key=of_example.__getitem__):
        fold = list(block)
        if together and len(together) + len(fold) > size:
            yield together
            together = []
        if len(fold) > size:
            yield from _cut(fold, math.ceil(len(fold) / size))
        else:
            together += fold
    if together:
        yield together


def _cut(fold: list[int], n: int) -> Iterator[list[int]]:
    """Into n pieces whose sizes differ by at most one."""
    for i in range(n):
        yield fold[len(fold) * i // n : len(fold) * (i + 1) // n]
