"""What every value of an intervention puts in the place of weights, position by position, and runs that use them."""

from functools import cache

import torch
from torch import Tensor

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.donors import Donors
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sets import AblationInputs, Sets
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.ablation.values import Value, parse_value
from neurontui.compute.answers.targets import find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.weight_sums import sum_weights
from neurontui.compute.models.prompts.tokenize import encode, encode_batch
from neurontui.store.journal.manifest import Condition
from tests.compute.ablation.plain_values import Change, weights_of
from tests.compute.answers.asked import asked, book_of
from tests.compute.tiny import load_tiny

FIRST_TOKEN, BETWEEN, LAST_TOKEN = range(3)


def measure(architecture: str, batch: Batch, options: AblationOptions, activation: str = "gate") -> list[dict]:
    """Rows of ablation_examples; moments and donors come from the three examples, whatever the batch is."""
    loaded, whole = load_tiny(architecture), asked()
    found = capture(loaded, batch, CaptureOptions(activation=activation))
    masks = [pack_tensor(each > 0) for each in found.activations]
    sums = sum_weights(loaded, encode_batch(loaded, whole), 4, 60)
    conditions = plan_conditions(options, loaded.layers, 4)
    targets = find_targets(loaded, batch, book_of(loaded, whole))
    moments = sums.moments(loaded.layers, options.scope)
    tables = ablation_tables(
        loaded, batch, found, masks, conditions, targets, options, moments=moments, donors=Donors(whole.examples)
    )
    return tables["ablation_examples"].to_pylist()


def sets_of(architecture: str, options: AblationOptions) -> Sets:
    loaded, batch = load_tiny(architecture), asked()
    found = capture(loaded, batch, CaptureOptions())
    masks = [pack_tensor(each > 0) for each in found.activations]
    return Sets(AblationInputs(batch, loaded.ffns, found, masks, options, {}), range(12))


def change_of(architecture: str, condition: Condition, off: dict[int, Tensor], row: int) -> Change:
    """What a condition does to the weights of a row, prompt and answer."""
    value = parse_value(condition.value)
    all_weights(architecture)  # now, without hooks

    def change(layer: int, weights: Tensor) -> Tensor:
        if layer not in off:
            return weights
        n_prompt = len(all_weights(architecture)[row][layer])
        new = replaced(architecture, value, condition.scope, row, layer, weights)
        where = off[layer][row].expand(len(weights), -1).clone()
        if condition.scope == "last":
            where[: n_prompt - 1] = False
        return torch.where(where, new, weights)

    return change


@cache
def all_weights(architecture: str) -> list[list[Tensor]]:
    """Per row, per layer (T, d), from prompts run one by one."""
    return [weights_of(load_tiny(architecture), architecture, prompt) for prompt in asked().prompts]


def kinds(n_tokens: int, n_prompt: int) -> Tensor:
    """(T,) kind of each position of a prompt and what follows it."""
    of_token = torch.full((n_tokens,), BETWEEN)
    of_token[0] = FIRST_TOKEN
    of_token[n_prompt - 1 :] = LAST_TOKEN
    return of_token


@cache
def at_kind(architecture: str, layer: int, kind: int, rows: tuple[int, ...]) -> Tensor:
    """(N, d): weights of some prompts at all their tokens of a kind."""
    prompts = [all_weights(architecture)[row][layer] for row in rows]
    return torch.cat([weights[kinds(len(weights), len(weights)) == kind] for weights in prompts])


def donor(weights: Tensor, position: int, kind: int, n_prompt: int) -> Tensor:
    """(d,): the weight of another prompt for a position of a prompt of n_prompt tokens."""
    if kind == LAST_TOKEN:
        return weights[-1]
    if kind == FIRST_TOKEN:
        return weights[0]
    from_end = n_prompt - 1 - position
    return weights[max(len(weights) - 1 - from_end, 1)] if len(weights) > 1 else weights[0]


def replaced(architecture: str, value: Value, scope: str, row: int, layer: int, weights: Tensor) -> Tensor:
    """(T, d) what all neurons of a layer have instead of their weights, written down position by position."""
    n_prompt, language = len(all_weights(architecture)[row][layer]), row % 4
    own = tuple(range(language, 12, 4))
    rows = []
    for position, kind in enumerate(kinds(len(weights), n_prompt).tolist()):
        w = weights[position]
        if value.name in ("mean", "mean-of"):
            some = own if value.name == "mean" else (2, 6, 10)  # tr is the third language
            w = at_kind(architecture, layer, kind, some).double().mean(0).float()
        elif value.name == "scale":
            w = w * value.number
        elif value.name == "add":
            used = (LAST_TOKEN,) if scope == "last" else (BETWEEN, LAST_TOKEN)
            over = torch.cat([at_kind(architecture, layer, kind, tuple(range(12))) for kind in used])
            w = w + value.number * over.double().std(0, correction=0).float()
        elif value.name == "resample":
            w = donor(all_weights(architecture)[other_example(architecture, row)][layer], position, kind, n_prompt)
        elif value.name == "patch":
            source = row - language + asked().languages.index(value.language)
            w = all_weights(architecture)[source][layer][-1] if position == n_prompt - 1 else w
        else:
            w = torch.zeros_like(w)
        rows.append(w)
    return torch.stack(rows)


@cache
def other_example(architecture: str, row: int) -> int:
    """The row of the prompt that a row is resampled from: of the same language, and of another example."""
    loaded = load_tiny(architecture)
    prompt = Donors(asked().examples).prompts(loaded, asked(), Value("resample"))[row]
    rows = [i for i in range(row % 4, 12, 4) if encode(loaded, [asked().prompts[i]])[0].ids == prompt.ids]
    assert len(rows) == 1
    assert rows[0] != row
    return rows[0]
