"""Activity at every token against the paper's equations, one prompt at a time; and what a run stores of it."""

import functools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL
from neurontui.compute.estimate.dry_run import preview
from neurontui.compute.measures.token_values import (
    AT_MOST,
    TokenRequest,
    is_kept,
    n_values,
    token_value_tables,
)
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.token_values import Neurons
from neurontui.compute.models.prompts.token_texts import _pieces
from neurontui.compute.models.prompts.tokenize import encode_prompts
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import open_results
from neurontui.store.journal.shards import fit
from tests.compute.models.reference import Reference, ids_of, reference
from tests.compute.models.test_moe import plain
from tests.compute.tiny import LANGUAGES, PROMPTS, batch, load_tiny, save_tiny

CONFIG = RunConfig(model="m", task="t", out=Path("r.duckdb"), batch_tokens=40)


@functools.cache
def plain_of(architecture: str, prompt: str) -> Reference:
    loaded = load_tiny(architecture)
    return reference(loaded.model, architecture, ids_of(loaded.tokenizer, prompt, ends=loaded.encoder_decoder))


def every_pair(loaded: LoadedModel) -> Neurons:
    """Some neurons of every layer, other ones for each of the twelve prompts, but none for two of them."""
    rows = [row for row in range(12) if row not in (2, 7)]
    made = [
        (row, layer.layer, neuron)
        for row in rows
        for layer in loaded.layers
        for neuron in range(row % 3, layer.n_neurons, 5)
    ]
    row, layer, neuron = np.array(made).T
    return Neurons(row, layer, neuron)


def measured(loaded: LoadedModel, config: RunConfig) -> Iterator[tuple[str, int, int, list[float], list[str], int]]:
    """(prompt, layer, neuron, values, tokens, token of measurement) of each requested pair."""
    tables = token_value_tables(config, loaded, TokenRequest(batch(), every_pair(loaded)))
    tables = {name: fit(name, table) for name, table in tables.items()}
    stacks = {layer.layer: layer.stack for layer in loaded.layers}
    read = {(row["example"], row["language"], row["stack"]): row for row in tables["prompt_tokens"].to_pylist()}
    assert len(read) == 10 * len(set(stacks.values()))
    for row in tables["neuron_token_values"].to_pylist():
        tokens = read[row["example"], row["language"], stacks[row["layer"]]]
        prompt = PROMPTS[row["language"]][row["example"]]
        yield prompt, row["layer"], row["neuron"], row["activations"], tokens["tokens"], tokens["measured"]


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("architecture", ["bloom", "llama", "gpt2", "opt", "mt5", "gemma2"])
def test_values_are_those_of_the_equations_at_every_token(architecture: str, product: bool) -> None:
    loaded = load_tiny(architecture)
    n_pairs = 0
    for prompt, layer, neuron, values, tokens, at in measured(
        loaded, replace(CONFIG, activation="product" if product else "gate")
    ):
        plainly = plain_of(architecture, prompt)
        expected = (plainly.products if product else plainly.activations)[layer][:, neuron]
        np.testing.assert_allclose(values, expected, atol=2e-5, rtol=1e-4)
        assert len(tokens) == len(expected)
        assert at == len(expected) - 1
        n_pairs += 1
    assert n_pairs == len(every_pair(loaded).row)


@pytest.mark.parametrize("product", [False, True])
@pytest.mark.parametrize("architecture", ["mixtral", "qwen3_moe"])
def test_values_of_experts_are_those_of_a_plain_loop(architecture: str, product: bool) -> None:
    loaded = load_tiny(architecture)
    zeros = 0
    for prompt, layer, neuron, values, _, _ in measured(
        loaded, replace(CONFIG, activation="product" if product else "gate")
    ):
        one = plain(architecture, prompt)[layer]
        expected = (one.weights if product else one.activations)[:, neuron].detach()
        np.testing.assert_allclose(values, expected, atol=2e-5, rtol=1e-4)
        zeros += int((expected == 0).sum())
    assert zeros


@pytest.mark.parametrize("architecture", ["bloom", "llama", "mt5", "xglm"])
def test_the_texts_of_the_tokens_are_the_prompt(architecture: str) -> None:
    loaded = load_tiny(architecture)
    special = {"<s>", "</s>"}
    for prompt, layer, _, values, tokens, _ in measured(loaded, CONFIG):
        if loaded.layers[layer].stack == "decoder" and loaded.encoder_decoder:
            continue
        assert len(tokens) == len(values)
        assert "".join(text for text in tokens if text not in special) == prompt


def test_each_character_belongs_to_one_token() -> None:
    shared = [(0, 3), (3, 4), (3, 4), (3, 4), (5, 7)]  # one character in three tokens, then a space without a token
    assert _pieces(shared) == [(0, 3), (3, 4), (4, 4), (4, 4), (4, 7)]
    marker = [(0, 0), (0, 1), (0, 2), (2, 3), (0, 0)]  # an added token, a marker of a word's beginning, ..., another
    assert _pieces(marker) == [(0, 0), (0, 0), (0, 2), (2, 3), (3, 3)]


def test_a_run_stores_the_strongest_inputs_and_the_first_examples(tmp_path: Path) -> None:
    config = config_of(
        tmp_path, n_examples=9, measures=("types", "contribution"), top=1, batch_examples=2, examples_at_once=1
    )
    run(config, NullProgress())
    with open_results(config.out) as results:
        stored = {tuple(row.values()) for row in results.sql(_STORED).to_pylist()}
        strongest = {tuple(row.values()) for row in results.sql(_STRONGEST).to_pylist()}
        listed = {tuple(row.values()) for row in results.sql(_LISTED).to_pylist()}
        differences = results.sql(_AT_THE_MEASURED_TOKEN).to_pylist()
        settings = json.loads(results.sql("SELECT settings FROM runs").to_pylist()[0]["settings"])
    assert stored == strongest | listed
    per_neuron = Counter((layer, neuron) for layer, neuron, _, _ in strongest)
    assert max(per_neuron.values()) == 10  # of 36 inputs
    assert listed - strongest
    assert differences == [{"n": len(strongest), "difference": pytest.approx(0, abs=1e-5)}]
    assert settings["token_values"] is True


_STORED = "SELECT layer, neuron, example, language FROM neuron_token_values"
_STRONGEST = "SELECT layer, neuron, example, language FROM neuron_examples"
_LISTED = "SELECT DISTINCT t.layer, t.neuron, t.example, l.language FROM top_neurons t, run_languages l"
_AT_THE_MEASURED_TOKEN = """
    SELECT count(*) AS n, max(abs(v.activations[t.measured + 1] - e.activation)) AS difference
    FROM neuron_examples e JOIN layers USING (run, layer)
    JOIN neuron_token_values v USING (run, layer, neuron, example, language)
    JOIN prompt_tokens t ON t.example = e.example AND t.language = e.language AND t.stack = layers.stack"""


@pytest.mark.parametrize(
    ("token", "chat", "architecture"),
    [("subject", False, "gpt2"), ("first-generated", False, "mt5"), ("first-generated", False, "gpt2")],
)
def test_the_token_of_measurement_is_marked(token: str, chat: bool, architecture: str, tmp_path: Path) -> None:
    config = config_of(tmp_path, architecture, token=token, chat=chat)
    run(config, NullProgress())
    with open_results(config.out) as results:
        [row] = results.sql(_AT_THE_MEASURED_TOKEN).to_pylist()
        texts = results.sql(
            "SELECT DISTINCT t.tokens[t.measured + 1] AS token, x.last_token FROM prompt_tokens t "
            "JOIN examples x USING (run, example, language) WHERE stack = 'decoder'"
        ).to_pylist()
    assert row["n"]
    assert row["difference"] == pytest.approx(0, abs=1e-5)
    ascii_texts = [text for text in texts if text["last_token"].isascii() and "\\" not in text["last_token"]]
    assert ascii_texts
    assert all(text["token"].strip() == text["last_token"].strip() for text in ascii_texts)


def config_of(folder: Path, architecture: str = "gpt2", n_examples: int = 3, **changes: object) -> RunConfig:
    """A run of a tiny model on three examples, or on more that differ in their ends."""
    task = folder / "task.jsonl"
    lines = [
        {
            "id": f"e{i}",
            "prompts": {code: PROMPTS[code][i % 3] + " x" * (i // 3) for code in LANGUAGES},
            "spans": {code: PROMPTS[code][i % 3][:6] for code in LANGUAGES},
        }
        for i in range(n_examples)
    ]
    task.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    model = str(save_tiny(architecture, folder / architecture))
    return RunConfig(model=model, task=str(task), out=folder / "r.duckdb", device="cpu", **changes)  # type: ignore[arg-type]


def test_huge_runs_store_none_unless_asked() -> None:
    assert [is_kept(CONFIG, n) for n in (AT_MOST, AT_MOST + 1)] == [True, False]
    assert [is_kept(replace(CONFIG, token_values=asked), n) for asked, n in ((True, AT_MOST + 1), (False, 1))] == [
        True,
        False,
    ]


def test_the_number_of_values_is_a_bound() -> None:
    facts = load_tiny("gpt2").facts
    neurons = sum(layer.n_neurons for layer in facts.layers)
    assert n_values(CONFIG, facts, 100, 400, 4000) == neurons * 10 * 10
    scored = replace(CONFIG, measures=("contribution",), top=2)
    assert n_values(scored, facts, 100, 400, 4000) == neurons * 10 * 10 + 20 * 4 * (2 * 8) * 10


def test_a_dry_run_names_the_size_and_the_option(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    [line] = [line for line in preview(config).splitlines() if line.startswith("token values")]
    loaded = load_model(ModelOptions(config.model, device="cpu"))
    n_tokens = sum(len(prompt) for prompt in encode_prompts(loaded, batch()))
    assert f"up to {n_values(config, loaded.facts, 3, 12, n_tokens):,} values" in line
    assert "--no-token-values" in line
    [line] = [line for line in preview(replace(config, token_values=False)).splitlines() if line.startswith("token v")]
    assert line.startswith("token values not stored")


def test_without_them_the_tables_are_empty(tmp_path: Path) -> None:
    config = config_of(tmp_path, token_values=False)
    run(config, NullProgress())
    with open_results(config.out) as results:
        assert results.sql("FROM neuron_token_values").num_rows == 0
        assert results.sql("FROM prompt_tokens").num_rows == 0
    assert not run(replace(config, token_values=True), NullProgress()).measured  # the same run


def test_the_demo_model_reads_thai_in_whole_characters() -> None:
    loaded = load_model(ModelOptions(str(DEMO_MODEL), device="cpu"))
    with torch.inference_mode():
        request = TokenRequest(batch(), Neurons(np.array([3]), np.array([0]), np.array([0])))
        table = token_value_tables(CONFIG, loaded, request)["prompt_tokens"]
    assert "".join(table["tokens"].to_pylist()[0]) == PROMPTS["zh"][0]
