"""Which sets of neurons are selected from data, and on which examples. Uses no tensors."""

from dataclasses import dataclass

from neurontui.compute.tasks.folds import N_FOLDS

N_GROUPS = 5
"""Groups of folds: the set that is tested on one group is selected on the other four."""
SHARE = 0.01


@dataclass(frozen=True)
class SelectionOptions:
    """One set for each rule and language."""

    rules: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    """Languages of the run, in the order of the mask's bits."""
    share: float = SHARE
    """Size of a set, as a share of the neurons in the ablated layers."""
    in_sample: bool = False
    """Select and test on the same examples."""


def group_of(fold: int) -> int:
    """The group of a fold, 0 to 4: four folds each, so examples of one cluster are in one group."""
    return fold * N_GROUPS // N_FOLDS
