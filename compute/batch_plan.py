"""Which examples are measured together. It depends on the task and its model alone, so every engine agrees.

A batch is what the journal holds whole or not at all, and so what a kill loses. What adds up over examples is written
once a batch, a row a neuron and language, so few large batches are smaller on disk and merge faster than many.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from neurontui.compute.batch import Batch
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.folds import N_FOLDS, folds

_LEAST, _MOST = 128, 512
_SECONDS = 300.0
"""What a kill may cost, if the estimate holds."""


def batch_size(n_examples: int, seconds_an_example: float) -> int:
    """Examples a batch: a twentieth of the run, from 128 up to 512, or what takes about five minutes if that is fewer."""
    size = min(_MOST, max(_LEAST, math.ceil(n_examples / N_FOLDS)))
    return max(1, min(size, int(_SECONDS / max(seconds_an_example, 1e-9))))


def plan(data: TaskData, examples_a_batch: int) -> list[Batch]:
    """Cut the examples of a task into batches, in order.

    A batch holds whole folds as long as they fit, and a large fold is cut on its own: partial sums are kept by
    fold, and a batch that touched many parts of folds would hardly add anything up.
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
    """Into n pieces of equal size, give or take one."""
    for i in range(n):
        yield fold[len(fold) * i // n : len(fold) * (i + 1) // n]
