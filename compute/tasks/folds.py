"""Folds for intervals: examples that share their source stay together."""

from collections.abc import Sequence

from neurontui.compute.tasks.example import Example

N_FOLDS = 20


def folds(examples: Sequence[Example], n: int = N_FOLDS) -> tuple[int, ...]:
    """The fold, 0 to n - 1, of each example, for a delete-a-block jackknife over clusters.

    Clusters in order of first appearance are cut into n blocks of equal length, give or take one cluster;
    a cluster is never torn apart. Blocks, not every n-th one: examples measured together are then of one
    fold, so that sums over a batch are sums over a fold.
    """
    order: dict[str, int] = {}
    for each in examples:
        order.setdefault(each.cluster, len(order))
    return tuple(order[each.cluster] * n // max(len(order), 1) for each in examples)
