"""Which examples are measured together. The plan depends on the task alone, so every engine and every sitting makes the same one."""

from neurontui.compute.batch import Batch
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.folds import folds


def plan(data: TaskData, examples_a_batch: int) -> list[Batch]:
    """Cut the examples of a task into batches, in order; the last one may be shorter."""
    of_example = folds(data.examples)
    starts = range(0, len(data.examples), examples_a_batch)
    return [
        Batch(
            number=number,
            indices=tuple(range(start, min(start + examples_a_batch, len(data.examples)))),
            folds=of_example[start : start + examples_a_batch],
            examples=data.examples[start : start + examples_a_batch],
            languages=data.languages,
        )
        for number, start in enumerate(starts)
    ]
