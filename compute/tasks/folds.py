"""Folds for intervals: examples that share their source stay together."""

from collections.abc import Sequence

from neurontui.compute.tasks.example import Example

N_FOLDS = 20


def folds(examples: Sequence[Example], n: int = N_FOLDS) -> tuple[int, ...]:
    """The fold, 0 to n - 1, of each example, for a delete-a-block jackknife over clusters.

    Clusters are dealt out in order of first appearance, so that any two folds differ by one cluster
    at most, and a cluster is never torn apart.
    """
    dealt: dict[str, int] = {}
    return tuple(dealt.setdefault(each.cluster, len(dealt) % n) for each in examples)
