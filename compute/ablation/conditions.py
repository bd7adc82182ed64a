"""The list of conditions of an ablation, fixed before its first batch. Uses no tensors."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.prompt_baseline import prompt_conditions
from neurontui.compute.ablation.selection.conditions import check_selection, selected_pairs
from neurontui.compute.ablation.values import NOTES, ZERO, Value, parse_value
from neurontui.compute.measures.masks import TYPES
from neurontui.compute.models.passes.ablation_hooks import SCOPES
from neurontui.store.errors import InputError, UsageError
from neurontui.store.journal.manifest import Condition, Layer

WEIGHT = "weight"
"""`target` of every condition: the value replaces the weight of the value vector."""


def plan_conditions(options: AblationOptions, layers: Sequence[Layer], n_languages: int) -> tuple[Condition, ...]:
    """Baseline, types, random sets, matched controls, doses, selected sets and the user's sets, numbered from 0.

    With several values, the baseline is followed by all sets with the first value, then by all with the second, ….
    patch replaces whole layers instead of sets. With two languages no neuron is partial-shared, and with one none is
    specific; those conditions are left out. Raises UsageError or InputError for options that do not fit the model.
    """
    _check(options, layers)
    planned: list[Condition] = [Condition(0, "baseline", "baseline")]
    for value in options.values:
        if value.name == "patch":
            planned += _number(_layers(value, options, layers), value, options, len(planned))
        else:
            planned += _with_value(value, options, n_languages, len(planned))
    return (*planned, *prompt_conditions(options.prompt_baseline, len(planned)))


def _with_value(value: Value, options: AblationOptions, n_languages: int, start: int) -> list[Condition]:
    types = [name for name in options.types if name in _possible(n_languages)]
    planned = [
        *(Condition(0, "type", value.label(name), type=name) for name in types),
        *_random(value, options),
    ]
    numbered = _number(planned, value, options, start)
    of_type = {condition.type: condition.condition for condition in numbered if condition.kind == "type"}
    controls = [
        Condition(0, "matched", value.label(f"control of {t}"), type=t, matched_to=of_type[t])
        for t in options.matched
        if t in of_type and n_languages > 1
    ]
    numbered += _number(controls, value, options, start + len(numbered))
    if n_languages > 1:
        numbered += _doses(value, options, [t for t in options.dosed if t in types], start + len(numbered))
    for pair in selected_pairs(options.selection, value.label):
        numbered += _number_pair(*pair, value, options, start + len(numbered))
    users = [Condition(0, "user", _of_user(user_set.label, value)) for user_set in options.user_sets]
    return [*numbered, *_number(users, value, options, start + len(numbered))]


def ablation_notes(conditions: Sequence[Condition], judge: str) -> tuple[tuple[str, str], ...]:
    """Explanations of the conditions and of teacher forcing, for the table `notes`."""
    kinds = {condition.kind for condition in conditions if condition.rule is None}
    texts = {
        "matched": "A control of a type ablates an equal number of other neurons that are active in the input's "
        "language, with a total contribution as close to the type's as possible; if there are fewer such neurons, it "
        "ablates all of them.",
        "prompt": "Prompt conditions change no neuron; a sentence before the prompt, such as 'Answer in German.', asks "
        "for the language of the answer. The expected answer is still that in the language of the prompt.",
        "dose": "Paired doses ablate equal numbers of neurons of a type and of its control, in pairs of similar "
        "contribution; if a layer has fewer such pairs than the dose requires, percent is lower than requested.",
    }
    explained = [text for kind, text in texts.items() if kind in kinds]
    names = dict.fromkeys(parse_value(condition.value).name for condition in conditions)
    explained += [NOTES[name] for name in names if name in NOTES]
    if conditions and judge == "teacher-forced":
        explained.append(
            "Answers with and without ablation are judged by teacher forcing: right if greedy decoding would begin "
            "with the expected answer; the query ablation-judge compares this with generated answers."
        )
    return tuple(("ablation", text) for text in explained)


def _number(planned: Sequence[Condition], value: Value, options: AblationOptions, start: int) -> list[Condition]:
    return [
        replace(
            condition,
            condition=start + i,
            scope=options.scope,
            layers=condition.layers or options.layers,
            value=value.text,
            target=WEIGHT,
        )
        for i, condition in enumerate(planned)
    ]


def _number_pair(
    own: Condition, control: Condition, value: Value, options: AblationOptions, start: int
) -> list[Condition]:
    first, second = _number([own, control], value, options, start)
    return [first, replace(second, matched_to=first.condition)]


def _layers(value: Value, options: AblationOptions, layers: Sequence[Layer]) -> list[Condition]:
    """Each layer as a whole, then all of them together, if there are several."""
    numbers = options.layers or tuple(layer.layer for layer in layers)
    single = [Condition(0, "layer", value.label(f"layer {number}"), layers=(number,)) for number in numbers]
    together = Condition(0, "layer", value.label("all layers" if options.layers is None else "these layers"))
    return [*single, together] if len(single) > 1 else single


def _random(value: Value, options: AblationOptions) -> Iterator[Condition]:
    # Sets that are selected from data are compared with random ones of their size.
    sizes = dict.fromkeys((*options.fractions, *((options.selection.share,) if options.selection.rules else ())))
    for fraction in sizes:
        for seed in range(options.seed, options.seed + options.seeds):
            label = f"{value.label(f'random {fraction * 100:g} %')}, seed {seed}"
            yield Condition(0, "random", label, fraction=fraction, seed=seed)


def _doses(value: Value, options: AblationOptions, types: Sequence[str], start: int) -> list[Condition]:
    """Two conditions per dose: neurons of a type, and an equal number of its control."""
    doses: list[Condition] = []
    for name in types:
        for dose in options.doses:
            size = f"paired dose of at most {dose * 100:g} %"
            own = Condition(0, "dose", f"{value.label(name)}, {size}", type=name, fraction=dose, seed=options.seed)
            other = replace(own, label=f"{value.label(f'control of {name}')}, {size}")
            doses += _number_pair(own, other, value, options, start + len(doses))
    return doses


def _of_user(label: str, value: Value) -> str:
    return label if value.name == ZERO else value.label(label.removeprefix("w/o "))


def _possible(n_languages: int) -> tuple[str, ...]:
    if n_languages > 2:
        return TYPES
    missing = ("partial-shared",) if n_languages == 2 else ("partial-shared", "specific")
    return tuple(name for name in TYPES if name not in missing)


def _check(options: AblationOptions, layers: Sequence[Layer]) -> None:
    if options.scope not in SCOPES:
        raise UsageError(f"'{options.scope}' is not a scope of an ablation; use {' or '.join(SCOPES)}.")
    check_selection(options.selection)
    if (options.user_sets or options.selection.rules) and all(value.name == "patch" for value in options.values):
        raise UsageError(
            "--ablation-value patch replaces whole layers, so the neurons of --ablate, --ablate-sql and "
            "--ablation-sets would not be used; add another value, such as zero."
        )
    for fraction in (*options.fractions, *options.doses):
        if not 0 < fraction <= 1:
            raise UsageError(f"{fraction:g} is not a share of neurons; use numbers above 0 and up to 1.")
    unknown = set(options.layers or ()) - {layer.layer for layer in layers}
    if unknown:
        raise InputError(f"There is no layer {min(unknown)} to ablate; this model has layers 0 to {len(layers) - 1}.")
