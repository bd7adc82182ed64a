"""Which examples are measured together. It depends on the task alone, so every engine and every sitting agrees."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from neurontui.compute.batch import Batch
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.folds import folds


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
            yield from (fold[start : start + size] for start in range(0, len(fold), size))
        else:
            together += fold
    if together:
        yield together
