"""Conditions of sets selected from data, their controls, and what the notes of a run say about them."""

from collections.abc import Callable, Iterator

from neurontui.compute.ablation.selection.options import SelectionOptions
from neurontui.compute.ablation.selection.rules import RULES
from neurontui.store.errors import UsageError
from neurontui.store.journal.manifest import Condition


def selected_pairs(options: SelectionOptions, label: Callable[[str], str]) -> Iterator[tuple[Condition, Condition]]:
    """For each rule and language: the condition of its set and that of the set's control, not yet numbered."""
    for rule in options.rules:
        for language in options.languages:
            own = Condition(
                0,
                "selected",
                label(f"{language} by {rule}"),
                fraction=options.share,
                rule=rule,
                set_language=language,
            )
            control = Condition(
                0,
                "matched",
                label(f"control of {language} by {rule}"),
                fraction=options.share,
                rule=rule,
                set_language=language,
            )
            yield own, control


def selection_notes(options: SelectionOptions) -> Iterator[tuple[str, str]]:
    """How sets were selected, for the table `notes`."""
    if not options.rules:
        return
    rules = ", ".join(f"{name} ({RULES[name].about})" for name in options.rules)
    yield (
        "ablation",
        f"Neurons are selected for each language by {rules}: {100 * options.share:g} % of the neurons in the ablated "
        "layers, or all that qualify, if these are fewer.",
    )
    yield (
        "ablation",
        "Sets are selected and tested on the same examples, which makes their effects look larger than they are."
        if options.in_sample
        else "Sets are tested on examples that they were not selected on: clusters are divided into five groups, and "
        "the set for the examples of one group is selected on the other four.",
    )
    yield (
        "ablation",
        "The control of a selected set ablates, in each layer, an equal number of neurons outside the set with a total "
        "contribution in the input as close to the set's as possible.",
    )


def check_selection(options: SelectionOptions) -> None:
    """Raise UsageError for options that no set can be selected with."""
    if not 0 < options.share <= 1:
        raise UsageError(f"{options.share:g} is not a share of neurons; use a number above 0 and up to 1.")
    for name in options.rules:
        if RULES[name].compares_languages and len(options.languages) < 2:
            raise UsageError(f"--ablation-sets {name} compares languages, so the run needs at least two.")
