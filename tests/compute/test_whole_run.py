"""A run from a model's folder and a task file to the results file, against the same numbers worked out by hand."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from neurontui.compute.ablation.survey import conclude, survey
from neurontui.compute.batch import Batch
from neurontui.compute.batch_plan import plan
from neurontui.compute.config import RunConfig
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.queries.results import open_results
from neurontui.store.errors import MeasureError, UsageError
from tests.compute.models.reference import ids_of, reference
from tests.compute.tiny import LANGUAGES, PROMPTS, save_tiny

ANSWERS = {"en": "Lisbon", "de": "Lissabon", "tr": "Lizbon", "zh": "里斯本"}


@pytest.fixture
def task_file(tmp_path: Path) -> Path:
    """Three examples in four languages, with answers."""
    path = tmp_path / "capitals.jsonl"
    lines = [
        {
            "id": f"e{i}",
            "prompts": {code: PROMPTS[code][i] for code in LANGUAGES},
            "answers": ANSWERS,
        }
        for i in range(3)
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def _config(tmp_path: Path, architecture: str, task: Path) -> RunConfig:
    folder = save_tiny(architecture, tmp_path / architecture)
    return RunConfig(
        model=str(folder), task=str(task), out=tmp_path / "results.duckdb", device="cpu",
        languages=LANGUAGES, measures=("types", "attribution", "ablation"), batch_examples=2,
        ablation_fractions=(0.25,), ablation_seeds=2, ablation_doses=(), max_new_tokens=2,
    )  # fmt: skip


def _activations(config: RunConfig, architecture: str) -> np.ndarray:
    """(examples, languages, layers, neurons): A at the last token, one prompt at a time, from the weights."""
    loaded = load_model(ModelOptions(config.model, device="cpu"))
    ends = loaded.encoder_decoder
    rows = [
        [
            torch.stack(
                [
                    each[-1]
                    for each in reference(
                        loaded.model,
                        architecture,
                        ids_of(loaded.tokenizer, PROMPTS[code][i], ends=ends),
                    ).activations
                ]
            )
            for code in LANGUAGES
        ]
        for i in range(3)
    ]
    return torch.stack([torch.stack(row) for row in rows]).numpy()


@pytest.mark.parametrize("architecture", ["bloom", "llama", "xglm", "mt5", "gpt2", "gemma3_text"])
def test_a_stored_run_holds_what_the_weights_say(architecture: str, task_file: Path, tmp_path: Path) -> None:
    config = _config(tmp_path, architecture, task_file)
    finished = run(config, NullProgress())
    active = _activations(config, architecture) > 0
    bits = 1 << np.arange(len(LANGUAGES), dtype=np.uint64)
    masks = (active * bits[None, :, None, None]).sum(1)
    n_active = active.sum(1)

    with open_results(config.out) as results:
        stored = results.sql("SELECT mask FROM activations ORDER BY example, layer, neuron")
        types = results.sql("SELECT type::VARCHAR AS type, count(*) AS n FROM neurons GROUP BY type")
        kinds = results.sql(
            "SELECT kind, count(*) AS n FROM ablation_examples JOIN conditions USING (run, condition) GROUP BY kind"
        )
        scores = results.sql("SELECT sum(cs_sum) AS total FROM attribution GROUP BY example, language, layer")

    assert finished.measured
    assert np.array_equal(stored["mask"].to_numpy(), masks.reshape(-1))
    assert dict(zip(*(types[name].to_pylist() for name in ("type", "n")), strict=True)) == Counter(
        np.select(
            [n_active == 0, n_active == 4, n_active == 1],
            ["non-activated", "all-shared", "specific"],
            "partial-shared",
        ).reshape(-1)
    )
    assert {"baseline", "type", "random"} <= set(kinds["kind"].to_pylist())
    assert np.allclose(scores["total"].to_numpy(), 1)


def test_a_survey_counts_all_examples_whatever_the_batches(task_file: Path, tmp_path: Path) -> None:
    config = replace(_config(tmp_path, "bloom", task_file), ablation_set="global", ablation_value=("mean",))
    loaded = load_model(ModelOptions(config.model, device="cpu"))
    batches = plan(load_task(str(task_file), TaskOptions(languages=LANGUAGES)), 1)
    n_active = (_activations(config, "bloom") > 0).sum(1)
    codes = np.select([n_active == 0, n_active == 1, n_active == 4], [0, 1, 3], 2)

    surveyed = [survey(config, loaded, each) for each in batches]
    found = conclude(config, loaded.layers, LANGUAGES, surveyed)

    assert found.types is not None
    for layer in range(codes.shape[1]):
        counts = np.stack([(codes[:, layer] == code).sum(0) for code in range(4)])
        chosen = np.take_along_axis(counts, found.types[layer].numpy()[None], 0)[0]
        assert np.array_equal(chosen, counts.max(0))


@pytest.mark.parametrize("architecture", ["bloom", "llama", "mt5"])
@pytest.mark.parametrize("scope", ["all", "last"])
def test_moments_are_those_of_weights_by_language_and_kind_of_position(
    architecture: str, scope: str, task_file: Path, tmp_path: Path
) -> None:
    """Against the equations, prompt by prompt. An activation of the product or the gate makes no difference."""
    config = replace(
        _config(tmp_path, architecture, task_file),
        ablation_value=("mean", "add:1"),
        ablation_scope=scope,
        batch_tokens=40,
    )
    loaded = load_model(ModelOptions(config.model, device="cpu"))
    batches = plan(load_task(str(task_file), TaskOptions(languages=LANGUAGES)), 2)
    found = conclude(config, loaded.layers, LANGUAGES, [survey(config, loaded, each) for each in batches]).moments
    assert found is not None
    ends = loaded.encoder_decoder
    weights = {
        code: [
            reference(loaded.model, architecture, ids_of(loaded.tokenizer, prompt, ends=ends)).products
            for prompt in PROMPTS[code]
        ]
        for code in LANGUAGES
    }
    for layer in range(len(loaded.layers)):
        of_kind = {code: [[], [], []] for code in LANGUAGES}
        for code, prompts in weights.items():
            for prompt in prompts:
                *before, last = prompt[layer].double().numpy()
                for position, weight in enumerate(before):
                    of_kind[code][min(position, 1)].append(weight)
                of_kind[code][2].append(last)
        for bit, code in enumerate(LANGUAGES):
            for kind, rows in enumerate(of_kind[code]):
                mean = found.means[layer][bit, kind].numpy()
                assert np.allclose(mean, np.mean(rows, 0), atol=1e-5) if rows else np.isnan(mean).all()
        used = [w for kinds in of_kind.values() for kind in ([2] if scope == "last" else [1, 2]) for w in kinds[kind]]
        assert np.allclose(found.deviations[layer], np.std(used, 0), atol=1e-5)


def test_means_of_a_language_without_such_tokens_are_refused(tmp_path: Path) -> None:
    """Its prompts have two tokens, those of the other language more."""
    path = tmp_path / "short.jsonl"
    lines = [
        {"id": f"e{i}", "prompts": {"en": PROMPTS["en"][i], "de": "AB"}, "answers": {"en": "a", "de": "b"}}
        for i in range(3)
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    config = replace(_config(tmp_path, "bloom", path), languages=("en", "de"), ablation_value=("mean-of:de",))
    with pytest.raises(MeasureError, match=r"Prompts in 'de' are too short .* 'between'"):
        run(config, NullProgress())
    run(replace(config, ablation_scope="last"), NullProgress())


def test_one_set_for_all_examples_and_means_go_through_a_run(task_file: Path, tmp_path: Path) -> None:
    config = replace(_config(tmp_path, "bloom", task_file), ablation_set="global", ablation_value=("mean",))
    run(config, NullProgress())

    with open_results(config.out) as results:
        sizes = results.sql(
            "SELECT condition, count(DISTINCT n_ablated) AS sizes FROM ablation_examples "
            "JOIN conditions USING (run, condition) WHERE kind = 'type' GROUP BY condition"
        )
        values = results.sql("SELECT DISTINCT value FROM conditions WHERE kind != 'baseline'")
    assert set(sizes["sizes"].to_pylist()) == {1}
    assert values["value"].to_pylist() == ["mean"]


def test_values_that_experts_do_not_have_are_refused(task_file: Path, tmp_path: Path) -> None:
    config = replace(_config(tmp_path, "mixtral", task_file), ablation_value=("zero", "mean"))
    with pytest.raises(UsageError, match=r"mean needs the weight .* use zero or scale:K"):
        run(config, NullProgress())
    assert not config.out.exists()
    run(replace(config, ablation_value=("zero", "scale:2")), NullProgress())


def test_every_value_goes_through_a_run(task_file: Path, tmp_path: Path) -> None:
    """Without any neuron in the sets, no value changes an outcome."""
    names = ("zero", "mean", "resample", "scale:2", "add:-1", "mean-of:zho_Hans", "patch:tr")
    config = replace(
        _config(tmp_path, "llama", task_file), ablation_value=names, ablation_scope="last",
        ablation_fractions=(0.001, 0.5), ablation_seeds=1,
    )  # fmt: skip
    run(config, NullProgress())
    with open_results(config.out) as results:
        rows = results.sql(
            "SELECT value, kind, fraction, target, count(*) AS n, "
            "avg(abs(e.answer_logprob - b.answer_logprob)) AS change "
            "FROM ablation_examples e JOIN conditions c USING (run, condition) "
            "JOIN ablation_examples b ON b.condition = 0 AND b.example = e.example AND b.language = e.language "
            "WHERE kind IN ('random', 'layer') GROUP BY ALL ORDER BY value, fraction"
        ).to_pylist()
        notes = results.sql("SELECT text FROM notes WHERE topic = 'ablation'")["text"].to_pylist()
    assert {row["value"] for row in rows} == {"0", "mean", "resample", "scale:2", "add:-1", "mean-of:zh", "patch:tr"}
    assert {row["target"] for row in rows} == {"weight"}
    for row in rows:
        assert row["n"] == (36 if row["kind"] == "layer" else 12)
        assert (row["change"] < 1e-5) == (row["fraction"] == 0.001)
    assert sum(note.startswith(("At the", "Resampled", "Patched", "SD:")) for note in notes) == 5


def test_what_cannot_be_measured_is_left_out_on_request(tmp_path: Path) -> None:
    long = dict.fromkeys(("en", "de", "fr"), "word " * 400)
    short = dict.fromkeys(long, "The capital of Portugal is")
    task = tmp_path / "long.jsonl"
    lines = [{"id": "long", "prompts": long}, {"id": "short", "prompts": short}]
    task.write_text("".join(json.dumps(each) + "\n" for each in lines))
    folder = save_tiny("gpt2", tmp_path / "gpt2")
    config = RunConfig(model=str(folder), task=str(task), out=tmp_path / "r.duckdb", device="cpu")

    with pytest.raises(Exception, match="long"):
        run(config, NullProgress())
    run(replace(config, skip_bad=True), NullProgress())

    with open_results(config.out) as results:
        assert results.sql("SELECT DISTINCT id FROM examples")["id"].to_pylist() == ["short"]
        notes = results.sql("SELECT text FROM notes WHERE topic = 'data'")["text"].to_pylist()
    assert any("long" in each and "Left out" in each for each in notes)


def test_a_run_in_which_nothing_can_be_measured_says_so(tmp_path: Path) -> None:
    task = tmp_path / "long.jsonl"
    prompts = dict.fromkeys(("en", "de", "fr"), "word " * 400)
    task.write_text(json.dumps({"id": "long", "prompts": prompts}) + "\n")
    folder = save_tiny("gpt2", tmp_path / "gpt2")
    config = RunConfig(model=str(folder), task=str(task), out=tmp_path / "r.duckdb", device="cpu", skip_bad=True)

    with pytest.raises(MeasureError, match="No example"):
        run(config, NullProgress())


@pytest.mark.parametrize("n_languages", [1, 2, 3, 17, 64])
def test_any_number_of_languages(n_languages: int, tmp_path: Path) -> None:
    codes = [f"l{i}" for i in range(n_languages)]
    task = tmp_path / "many.jsonl"
    prompts = {code: f"The capital of country {i} is" for i, code in enumerate(codes)}
    task.write_text(json.dumps({"id": "a", "prompts": prompts}) + "\n")
    folder = save_tiny("bloom", tmp_path / "bloom")
    out = tmp_path / "r.duckdb"
    run(
        RunConfig(model=str(folder), task=str(task), out=out, device="cpu", languages=tuple(codes),
                  measures=("types", "contribution")),
        NullProgress(),
    )  # fmt: skip

    with open_results(out) as results:
        rows = results.sql("SELECT max(mask) AS mask, max(len(languages)) AS n FROM neurons")
        everything = results.sql("SELECT all_mask FROM runs")["all_mask"][0].as_py()
    assert everything == 2**n_languages - 1
    assert rows["n"][0].as_py() <= n_languages
    assert rows["mask"][0].as_py() <= everything


def test_a_batch_is_never_torn(task_file: Path) -> None:
    batches: list[Batch] = plan(load_task(str(task_file), TaskOptions(languages=LANGUAGES)), 2)

    assert all(len(each.prompts) == len(each.examples) * len(LANGUAGES) for each in batches)
