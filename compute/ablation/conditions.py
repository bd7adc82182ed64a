"""The list of conditions of an ablation, fixed before its first batch. Knows no tensors."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.ablation_hooks import SCOPES
from neurontui.store.errors import InputError, UsageError
from neurontui.store.journal.manifest import Condition, Layer

VALUES = ("0", "mean")


def plan_conditions(options: AblationOptions, layers: Sequence[Layer], n_languages: int) -> tuple[Condition, ...]:
    """Baseline, types, random sets, matched controls, doses and the user's sets, numbered from 0.

    With two languages no neuron is partial-shared, with one none is specific: those conditions are left out.
    Raises UsageError or InputError for choices that do not fit the model.
    """
    _check(options, layers)
    types = [each for each in options.types if each in _possible(n_languages)]
    planned = [
        Condition(0, "baseline", "baseline"),
        *(Condition(0, "type", f"w/o {each}", type=each) for each in types),
        *_random(options),
    ]
    numbered = _number(planned, options)
    of_type = {each.type: each.condition for each in numbered if each.kind == "type"}
    controls = [
        Condition(0, "matched", f"w/o control of {t}", type=t, matched_to=of_type[t])
        for t in options.matched
        if t in of_type and n_languages > 1
    ]
    numbered += _number(controls, options, len(numbered))
    if n_languages > 1:
        numbered += _doses(options, [t for t in options.dosed if t in types], len(numbered))
    users = [Condition(0, "user", each.label) for each in options.user_sets]
    return (*numbered, *_number(users, options, len(numbered)))


def ablation_notes(conditions: Sequence[Condition]) -> tuple[tuple[str, str], ...]:
    """What a reader of the conditions should know, for the table `notes`."""
    kinds = {each.kind for each in conditions}
    texts = {
        "matched": "A control of a type switches off as many other neurons that are active in the input's language, in "
        "sum as near to the type's contribution as they get; where there are fewer of them it switches off all.",
        "dose": "Paired doses switch off equally many neurons of a type and of its control, each with a partner of like "
        "contribution; where a layer has fewer such pairs than the dose asks for, percent is lower than asked.",
    }
    return tuple(("ablation", text) for kind, text in texts.items() if kind in kinds)


def _number(planned: Sequence[Condition], options: AblationOptions, start: int = 0) -> list[Condition]:
    return [
        replace(
            each,
            condition=start + i,
            scope="all" if each.kind == "baseline" else options.scope,
            layers=None if each.kind == "baseline" else options.layers,
            value="0" if each.kind == "baseline" else options.value,
        )
        for i, each in enumerate(planned)
    ]


def _random(options: AblationOptions) -> Iterator[Condition]:
    for fraction in options.fractions:
        for seed in range(options.seed, options.seed + options.seeds):
            label = f"w/o random {fraction * 100:g} %, seed {seed}"
            yield Condition(0, "random", label, fraction=fraction, seed=seed)


def _doses(options: AblationOptions, types: Sequence[str], start: int) -> list[Condition]:
    """Two conditions a dose: so many neurons of a type, and as many of its control."""
    found: list[Condition] = []
    for name in types:
        for dose in options.doses:
            label = f"w/o {dose * 100:g} % of {name}, paired"
            own = Condition(0, "dose", label, type=name, fraction=dose, seed=options.seed)
            other = replace(own, label=f"w/o {dose * 100:g} % control of {name}, paired")
            pair = _number([own, other], options, start + len(found))
            found += [pair[0], replace(pair[1], matched_to=pair[0].condition)]
    return found


def _possible(n_languages: int) -> tuple[str, ...]:
    if n_languages > 2:
        return TYPES
    missing = ("partial-shared",) if n_languages == 2 else ("partial-shared", "specific")
    return tuple(each for each in TYPES if each not in missing)


def _check(options: AblationOptions, layers: Sequence[Layer]) -> None:
    if options.scope not in SCOPES:
        raise UsageError(f"'{options.scope}' is no scope of an ablation; say {' or '.join(SCOPES)}.")
    if options.value not in VALUES:
        raise UsageError(f"Activations cannot be set to '{options.value}'; say {' or '.join(VALUES)}.")
    for fraction in (*options.fractions, *options.doses):
        if not 0 < fraction <= 1:
            raise UsageError(f"{fraction:g} is no share of neurons; give numbers above 0 and up to 1.")
    unknown = set(options.layers or ()) - {each.layer for each in layers}
    if unknown:
        raise InputError(f"There is no layer {min(unknown)} to ablate; this model has layers 0 to {len(layers) - 1}.")
