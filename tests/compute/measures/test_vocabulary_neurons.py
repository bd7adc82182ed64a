"""Which neurons are projected on the vocabulary, and how many: a share of the run, all of a small model."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.measures.vocabulary_neurons import PERSISTENT, neurons_a_layer, neurons_for_vocabulary
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries.results import open_results
from neurontui.store.journal.journal import Journal
from tests.compute.tiny import LANGUAGES, PROMPTS, save_tiny
from tests.tui.sample import Plan, journalled

SCORED = RunConfig(model="m", task="t", out=Path("r.duckdb"), measures=("types", "contribution"))
GEMMA = cast(ModelFacts, SimpleNamespace(n_tokens=262_144, width=640, layers=(None,) * 18))


def test_the_projection_takes_five_percent_of_the_multiplications_of_a_run() -> None:
    n_tokens, passes = 100_000, 19.0
    n = neurons_a_layer(SCORED, GEMMA, n_tokens, passes)
    assert n is not None
    projection = n * 18 * 262_144 * 640
    blocks = 12 * 640**2 * 18 * n_tokens * passes
    assert projection <= 0.05 * blocks < projection + 18 * 262_144 * 640


def test_a_short_run_projects_a_few_and_a_small_model_all() -> None:
    assert neurons_a_layer(SCORED, GEMMA, 100, 2) == 3
    large = cast(ModelFacts, SimpleNamespace(n_tokens=250_000, width=4096, layers=(None,) * 32))
    assert neurons_a_layer(SCORED, large, 100, 2) == 1
    demo = cast(ModelFacts, SimpleNamespace(n_tokens=4096, width=192, layers=(None,) * 6))
    assert cast(int, neurons_a_layer(SCORED, demo, 100, 2)) > 768


def test_the_option_replaces_the_default() -> None:
    assert neurons_a_layer(replace(SCORED, vocabulary_neurons=7), GEMMA, 10**9, 2) == 7
    assert neurons_a_layer(replace(SCORED, measures=("types",)), GEMMA, 10**9, 2) is None


def _ranks(top: list[dict[str, Any]], masks: list[dict[str, Any]], all_mask: int) -> dict[tuple[int, int], int]:
    """Position of each candidate in its layer, by loops over the rows."""
    contribution: Counter[tuple[int, int]] = Counter()
    for row in top:
        contribution[row["layer"], row["neuron"]] += row["cs"]
    times: dict[tuple[int, int], Counter[int]] = {}
    for row in masks:
        active = row["mask"].bit_count()
        kind = 0 if not active else 3 if row["mask"] == all_mask else 1 if active == 1 else 2
        times.setdefault((row["layer"], kind), Counter())[row["neuron"]] += 1
    position = {}
    for layer in {layer for layer, _ in contribution}:
        ordered = sorted((pair for pair in contribution if pair[0] == layer), key=lambda p: (-contribution[p], p[1]))
        position |= {pair: i + 1 for i, pair in enumerate(ordered)}
    for (layer, _), counts in times.items():
        for i, neuron in enumerate(sorted(counts, key=lambda n: (-counts[n], n))[:PERSISTENT]):
            position[layer, neuron] = min(position.get((layer, neuron), 10**9), 4 * (i + 1))
    return position


@pytest.mark.parametrize("per_layer", [1, 5, 12, 64])
def test_the_neurons_are_the_first_of_both_lists(per_layer: int, tmp_path: Path) -> None:
    manifest, tables = journalled(Plan(examples=6, neurons=64, layers=3, ablation=False))
    with Journal.open(tmp_path / "r.duckdb", manifest) as journal:
        journal.write(0, tables, seconds=1.0, tokens=10)
        chosen = neurons_for_vocabulary(journal, per_layer)
    rows = {name: tables[name].to_pylist() for name in ("top_neurons", "activations")}
    position = _ranks(rows["top_neurons"], rows["activations"], manifest.all_mask)
    expected = []
    for layer in range(3):
        of_layer = sorted((pair for pair in position if pair[0] == layer), key=lambda pair: (position[pair], pair[1]))
        expected += of_layer[:per_layer]
    assert chosen == sorted(expected)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    folder = tmp_path_factory.mktemp("projected")
    task = folder / "task.jsonl"
    lines = [{"id": f"e{i}", "prompts": {code: PROMPTS[code][i] for code in LANGUAGES}} for i in range(3)]
    task.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return RunConfig(
        model=str(save_tiny("gpt2", folder / "gpt2")), task=str(task), out=folder / "r.duckdb", device="cpu",
        measures=("types", "contribution"), vocabulary_neurons=1,
    )  # fmt: skip


def test_one_neuron_a_layer_is_the_one_that_the_explorer_opens_first(config: RunConfig) -> None:
    run(config, NullProgress())
    with open_results(config.out) as results:
        rows = results.sql("SELECT DISTINCT layer, neuron FROM neuron_vocabulary ORDER BY ALL").to_pylist()
        settings = json.loads(results.sql("SELECT settings FROM runs").to_pylist()[0]["settings"])
        for row in rows:
            [first] = results.query("top-neurons", run=1, layer=row["layer"], limit=1).to_pylist()
            assert first["neuron"] == row["neuron"]
    assert [row["layer"] for row in rows] == [0, 1]
    assert settings["vocabulary_neurons"] == 1


def test_another_number_is_the_same_run_and_force_replaces_it(config: RunConfig) -> None:
    run(config, NullProgress())
    more = replace(config, vocabulary_neurons=3)
    assert not run(more, NullProgress()).measured
    assert run(replace(more, force=True), NullProgress()).run == 1
    with duckdb.connect(str(config.out), read_only=True) as connection:
        counts = connection.execute("SELECT layer, count(DISTINCT neuron) FROM neuron_vocabulary GROUP BY 1 ORDER BY 1")
        assert counts.fetchall() == [(0, 3), (1, 3)]


def test_a_dry_run_says_how_many(config: RunConfig) -> None:
    assert "promoted tokens of up to 1 neurons a layer (--vocabulary-neurons)" in preview(config)
    everything = RunConfig(
        model=str(DEMO_MODEL), task=str(demo_task("fact")), out=config.out, limit=2, measures=("types", "contribution")
    )
    [line] = [line for line in preview(everything).splitlines() if line.startswith("vocabulary")]
    assert int(line.split()[6].replace(",", "")) > 768
