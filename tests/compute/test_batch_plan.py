"""The plan of a run: every example once, in order, and no batch over two folds."""

from collections import Counter

import pytest

from neurontui.compute.batch_plan import plan
from neurontui.compute.tasks.example import Example, TaskData


def _data(n: int, per_cluster: int) -> TaskData:
    examples = tuple(
        Example(id=str(i), cluster=str(i // per_cluster), prompts={"en": "a", "de": "b"}) for i in range(n)
    )
    return TaskData("t", None, 0, ("en", "de"), examples)


@pytest.mark.parametrize(("n", "per_cluster", "size"), [(1, 1, 8), (45, 3, 4), (100, 1, 32), (120, 1, 1)])
def test_batches_cover_every_example_once_and_part_no_small_fold(n: int, per_cluster: int, size: int) -> None:
    batches = plan(_data(n, per_cluster), size)

    assert [i for each in batches for i in each.indices] == list(range(n))
    assert [each.number for each in batches] == list(range(len(batches)))
    assert all(len(each.indices) <= size for each in batches)
    sizes = Counter(fold for each in batches for fold in each.folds)
    touched = Counter(fold for each in batches for fold in set(each.folds))
    assert all(touched[fold] == 1 for fold in sizes if sizes[fold] <= size)
    assert all(len(set(each.folds)) == 1 for each in batches if sizes[each.folds[0]] > size)


def test_small_folds_share_a_batch() -> None:
    assert [len(each.indices) for each in plan(_data(40, 1), 32)] == [32, 8]


def test_a_cluster_keeps_its_fold_over_batches() -> None:
    batches = plan(_data(40, 4), 2)
    fold_of = {}
    for batch in batches:
        for example, fold in zip(batch.examples, batch.folds, strict=True):
            assert fold_of.setdefault(example.cluster, fold) == fold
