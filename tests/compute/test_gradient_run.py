"""A run stores gradients and exact effects; both equal those of one prompt at a time in plain PyTorch."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.prompts.tokenize import encode_batch
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.queries import open_results
from neurontui.store.admin.verify import verify
from neurontui.store.errors import InputError, UsageError
from neurontui.store.reader import open_reader
from tests.compute.answers.asked import CHOICES, asked, targets_of
from tests.compute.measures.test_exact_effects import logprob
from tests.compute.measures.test_gradients import by_hand
from tests.compute.models.encoders import save_encoder
from tests.compute.tiny import LANGUAGES, PROMPTS, save_tiny

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
TRUTH = {"truth_neurons": 3, "truth_examples": 2}


def task_file(folder: Path) -> Path:
    """The questions of `asked`; the third has no answer in German."""
    lines = [
        {
            "id": f"e{i}",
            "prompts": {code: PROMPTS[code][i] for code in LANGUAGES},
            "answers": {code: CHOICES[code][i] for code in LANGUAGES if (i, code) != (2, "de")},
        }
        for i in range(3)
    ]
    path = folder / "asked.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    """A run of three examples in four languages, in two parts of a batch."""
    folder = save_tiny("llama", tmp_path / "llama")
    return RunConfig(
        model=str(folder), task=str(task_file(tmp_path)), out=tmp_path / "results.duckdb", device="cpu",
        measures=("types", "attribution", "gradient"), max_new_tokens=2, examples_at_once=2, **TRUTH,
    )  # fmt: skip


@cache
def alone(model: str):
    """Gradients of each row with an answer, one at a time: (model, prompts, targets, {row: per layer (d_m,)})."""
    loaded, batch = load_model(ModelOptions(model, device="cpu")), asked()
    prompts, targets = encode_batch(loaded, batch), targets_of(loaded, batch).rows
    products = {
        row: by_hand(loaded, list(prompts[row].ids), list(target.ids), list(prompts[row].opening))[0]
        for row, target in enumerate(targets)
        if target is not None
    }
    return loaded, prompts, targets, products


@pytest.mark.parametrize("architecture", ["llama", "mt5"])
def test_gradients_of_a_run_are_summed_by_language_and_neuron(architecture: str, config: RunConfig, tmp_path) -> None:
    model = str(save_tiny(architecture, tmp_path / architecture))
    run(replace(config, model=model), NullProgress())
    *_, products = alone(model)
    with open_results(config.out) as results:
        stored = results.sql("SELECT * FROM neuron_gradients ORDER BY language, layer, neuron").to_pylist()
    assert len(stored) == len(LANGUAGES) * sum(len(layer) for layer in products[0])
    for row in stored:
        bit = LANGUAGES.index(row["language"])
        values = np.array([products[r][row["layer"]][row["neuron"]] for r in products if r % 4 == bit])
        assert row["n"] == len(values) == (2 if row["language"] == "de" else 3)
        near = 1e-4 * np.abs(values).sum() + 1e-7
        assert row["g_sum"] == pytest.approx(values.sum(), abs=near)
        assert row["g_sumsq"] == pytest.approx((values**2).sum(), rel=1e-3, abs=1e-10)
    with open_reader(config.out) as reader:
        assert verify(reader) == []


def test_exact_effects_of_a_run_stand_beside_its_scores(config: RunConfig) -> None:
    run(config, NullProgress())
    loaded, prompts, targets, products = alone(config.model)
    with open_results(config.out) as results:
        stored = results.sql("SELECT * FROM neuron_effects ORDER BY ALL").to_pylist()
        of_example = results.sql("SELECT example, language, layer, neuron, cs, es FROM top_neurons").to_pylist()
        notes = results.query("notes").to_pylist()
    assert {row["example"] for row in stored} == {0, 1}
    assert len(stored) == 2 * 4 * 2 * 3
    scores = {(r["example"], r["language"], r["layer"], r["neuron"]): (r["cs"], r["es"]) for r in of_example}
    compared = 0
    for row in stored:
        at = 4 * row["example"] + LANGUAGES.index(row["language"])
        prompt, answer, ffn = prompts[at], targets[at].ids, loaded.ffns[row["layer"]]
        without = logprob(loaded, prompt, answer, ffn, row["neuron"], len(prompt) - 1)
        assert row["effect"] == pytest.approx(logprob(loaded, prompt, answer) - without, rel=2e-3, abs=1e-5)
        assert row["gradient"] == pytest.approx(float(products[at][row["layer"]][row["neuron"]]), rel=2e-3, abs=1e-6)
        key = (row["example"], row["language"], row["layer"], row["neuron"])
        if key in scores:
            compared += 1
            assert (row["contribution"], row["effective"]) == pytest.approx(scores[key], rel=1e-5)
    assert compared > 5
    assert any("3 neurons of each layer" in note["text"] and "first 2 of 3 examples" in note["text"] for note in notes)


def test_the_sample_is_the_same_in_another_run_and_follows_the_seed(config: RunConfig) -> None:
    samples = []
    for changes in ({}, {"examples_at_once": 1, "batch_examples": 1, "force": True}, {"seed": 1}):
        run(replace(config, **changes), NullProgress())
        with open_results(config.out) as results:
            sql = (
                "SELECT DISTINCT layer, neuron FROM neuron_effects WHERE run = (SELECT max(run) FROM runs) ORDER BY ALL"
            )
            samples.append(results.sql(sql).to_pylist())
    assert samples[0] == samples[1] != samples[2]
    assert [row["layer"] for row in samples[0]] == [0] * 3 + [1] * 3


def test_scores_that_are_not_measured_are_null(config: RunConfig) -> None:
    for measures, expected in ((("gradient",), (0, 0)), (("contribution", "gradient"), (48, 0))):
        run(replace(config, measures=measures, force=True), NullProgress())
        with open_results(config.out) as results:
            last = "WHERE run = (SELECT max(run) FROM runs)"
            sql = f"SELECT count(contribution) AS cs, count(effective) AS es FROM neuron_effects {last}"
            assert tuple(results.sql(sql).to_pylist()[0].values()) == expected


def test_an_encoder_and_half_precision_are_refused_before_anything_is_measured(config: RunConfig, tmp_path) -> None:
    encoder = str(save_encoder("xlm-roberta", tmp_path / "encoder"))
    with pytest.raises(InputError, match="is an encoder and predicts no answer"):
        run(replace(config, model=encoder, measures=("gradient",), truth_neurons=0), NullProgress())
    with pytest.raises(InputError, match="smaller than the rounding of bfloat16"):
        run(replace(config, dtype="bfloat16"), NullProgress())
    with pytest.raises(InputError, match="can be too small for float16"):
        run(replace(config, dtype="float16", truth_neurons=0), NullProgress())


def test_options_that_contradict_each_other_are_refused(config: RunConfig) -> None:
    with pytest.raises(UsageError, match="add gradient to --measures"):
        replace(config, measures=("types",))
    with pytest.raises(UsageError, match="--no-neuron-scores"):
        replace(config, neuron_scores=False)
    with pytest.raises(UsageError, match="--token first-generated"):
        replace(config, token="first-generated", measures=("gradient",))


def test_a_task_without_answers_has_no_gradient(config: RunConfig, tmp_path: Path) -> None:
    task = tmp_path / "open.jsonl"
    task.write_text(json.dumps({"id": "e", "prompts": {code: PROMPTS[code][0] for code in LANGUAGES}}) + "\n")
    with pytest.raises(InputError, match="has no answers, and the gradient is that of the answer"):
        run(replace(config, task=str(task), measures=("gradient",), truth_neurons=0), NullProgress())
