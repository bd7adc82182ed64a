"""Folds for confidence intervals: examples of one cluster are in the same fold."""

from collections.abc import Sequence

from neurontui.compute.tasks.example import Example

N_FOLDS = 20


def folds(examples: Sequence[Example], n: int = N_FOLDS) -> tuple[int, ...]:
    """The fold, 0 to n - 1, of each example, for a delete-a-block jackknife over clusters.

    Clusters in order of first appearance are cut into n blocks whose sizes differ by at most one cluster; a cluster
    is never divided. Blocks instead of every n-th cluster, so that examples measured together are in one fold, and
    sums over a batch are sums over a fold.
    """
    order: dict[str, int] = {}
    for example in examples:
        order.setdefault(example.cluster, len(order))
    return tuple(order[example.cluster] * n // max(len(order), 1) for example in examples)
