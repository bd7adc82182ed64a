"""Folds keep clusters together and are evenly filled."""

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from neurontui.compute.tasks.example import Example
from neurontui.compute.tasks.folds import folds


def _examples(clusters: list[str]) -> list[Example]:
    return [Example(str(i), cluster, {"en": "x"}) for i, cluster in enumerate(clusters)]


def test_clusters_are_cut_into_blocks_in_order_of_first_appearance() -> None:
    assert folds(_examples(["a", "b", "a", "c", "b", "d"]), n=3) == (0, 0, 0, 1, 0, 2)


@given(st.lists(st.text(max_size=2), max_size=200), st.integers(1, 25))
def test_no_cluster_is_torn_apart_and_folds_differ_by_one_cluster(names: list[str], n: int) -> None:
    of_example = folds(_examples(names), n)
    by_cluster = defaultdict(set)
    for name, fold in zip(names, of_example, strict=True):
        by_cluster[name].add(fold)
    assert all(len(each) == 1 for each in by_cluster.values())
    sizes = Counter(next(iter(each)) for each in by_cluster.values())
    assert not sizes or max(sizes.values()) - min(sizes[i] for i in range(n)) <= 1
    assert set(of_example) <= set(range(n))
