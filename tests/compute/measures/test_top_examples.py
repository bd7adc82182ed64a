"""Each neuron's strongest inputs, over batches, against sorting all activations at once."""

from typing import Any

import pytest
import torch

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.measures.top_examples import Strongest
from neurontui.compute.tasks.example import Example
from neurontui.store.journal.manifest import Layer
from neurontui.store.schema import shard_schema

LANGUAGES = ("en", "de", "zh")
LAYERS = (Layer(0, "decoder", 0, 30), Layer(1, "decoder", 1, 20))
N_BATCHES, N_EXAMPLES = 7, 4


def activity(seed: int = 0) -> list[torch.Tensor]:
    """Per layer (examples, languages, neurons); neuron 0 is never active, neuron 1 twice only."""
    generator = torch.Generator().manual_seed(seed)
    shape = (N_BATCHES * N_EXAMPLES, len(LANGUAGES))
    layers = [torch.randn(*shape, each.n_neurons, generator=generator) for each in LAYERS]
    for each in layers:
        each[..., 0] = -each[..., 0].abs()
        each[..., 1] = -1
        each[5, 1, 1], each[20, 0, 1] = 0.5, 0.7
    return layers


def batches(layers: list[torch.Tensor]) -> list[tuple[Batch, Capture]]:
    made = []
    for number in range(N_BATCHES):
        indices = tuple(range(number * N_EXAMPLES, (number + 1) * N_EXAMPLES))
        examples = tuple(Example(id=str(i), cluster=str(i), prompts={}) for i in indices)
        parts = [each[indices[0] : indices[-1] + 1] for each in layers]
        batch = Batch(number, indices, (0,) * N_EXAMPLES, examples, LANGUAGES)
        made.append((batch, Capture(parts, parts, None, [0, 0], torch.ones(4, 3), ["x"] * 12)))
    return made


def ranked(rows: list[dict[str, Any]], top: int) -> dict[tuple[int, int], list[Any]]:
    """What the merge makes of all shards: the lists, ranked again."""
    lists: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        entry = (-row["activation"], row["example"], row["language"])
        lists.setdefault((row["layer"], row["neuron"]), []).append(entry)
    return {key: sorted(entries)[:top] for key, entries in lists.items()}


def by_sorting(layers: list[torch.Tensor], top: int) -> dict[tuple[int, int], list[Any]]:
    lists = {}
    for layer, values in zip(LAYERS, layers, strict=True):
        for neuron in range(layer.n_neurons):
            entries = [
                (-float(values[e, p, neuron]), e, language)
                for e in range(len(values))
                for p, language in enumerate(LANGUAGES)
                if values[e, p, neuron] > 0
            ]
            if entries:
                lists[layer.layer, neuron] = sorted(entries)[:top]
    return lists


@pytest.mark.parametrize("top", [1, 5, 20])
def test_the_lists_after_all_batches_equal_sorting_everything(top: int) -> None:
    layers = activity()
    strongest = Strongest(top)
    rows = [
        row
        for batch, captured in batches(layers)
        for row in strongest.tables(batch, captured, LAYERS)["neuron_examples"].to_pylist()
    ]
    assert ranked(rows, top) == by_sorting(layers, top)


def test_two_workers_find_the_same_lists_as_one() -> None:
    layers = activity(seed=3)
    workers = Strongest(), Strongest()
    rows = [
        row
        for number, (batch, captured) in enumerate(batches(layers))
        for row in workers[number % 2].tables(batch, captured, LAYERS)["neuron_examples"].to_pylist()
    ]
    assert ranked(rows, 5) == by_sorting(layers, 5)


def test_later_batches_bring_only_what_enters() -> None:
    layers = activity()
    strongest = Strongest(top=3)
    sizes = []
    for batch, captured in batches(layers):
        table = strongest.tables(batch, captured, LAYERS)["neuron_examples"]
        assert table.schema.equals(shard_schema("neuron_examples"))
        sizes.append(table.num_rows)
    assert sizes[-1] < sizes[0] / 2


def test_ranks_count_from_one_within_a_batch() -> None:
    batch, captured = batches(activity())[0]
    rows = Strongest(top=4).tables(batch, captured, LAYERS)["neuron_examples"].to_pylist()
    for key in {(row["layer"], row["neuron"]) for row in rows}:
        mine = [row for row in rows if (row["layer"], row["neuron"]) == key]
        assert [row["rank"] for row in mine] == list(range(1, len(mine) + 1))
        values = [row["activation"] for row in mine]
        assert values == sorted(values, reverse=True)


def test_a_batch_in_which_nothing_is_active_brings_no_rows() -> None:
    silent = [-each.abs() for each in activity()]
    batch, captured = batches(silent)[0]
    table = Strongest().tables(batch, captured, LAYERS)["neuron_examples"]
    assert table.num_rows == 0
    assert table.schema.equals(shard_schema("neuron_examples"))
