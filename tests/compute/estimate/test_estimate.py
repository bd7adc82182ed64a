"""What a dry run says that a run will need is what it then needs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedConfig

from neurontui.compute import run as runs
from neurontui.compute import run_steps
from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.compute.estimate.estimate import estimate, estimate_text, memory_free, shortages
from neurontui.compute.estimate.memory import cache_a_token
from neurontui.compute.estimate.throughput import passes_per_example
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.progress import NullProgress
from neurontui.compute.run_options import model_options, task_options
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError
from tests.compute.tiny import save_tiny

SHARES = {
    "types": (0.7, 1.3),
    "types,attribution": (0.7, 1.3),
    "types,attribution,ablation": (0.7, 1.3),
    "types,gradient": (0.7, 1.3),
}


@pytest.mark.parametrize(
    "measures", [pytest.param(name, marks=[pytest.mark.faults] * ("ablation" in name)) for name in SHARES]
)
def test_journal_and_results_are_as_large_as_was_said(
    measures: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = RunConfig(
        model=str(DEMO_MODEL), task=str(demo_task("fact")), out=tmp_path / "r.duckdb", limit=20,
        measures=tuple(measures.split(",")), truth_neurons=2 * ("gradient" in measures), truth_examples=3,
        token_values="ablation" in measures,  # of these, an upper bound is given
    )  # fmt: skip
    found = {}
    merge = run_steps.merge

    def measured(path: Path, *rest: object, **named: object) -> int:
        found["journal"] = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        return merge(path, *rest, **named)

    monkeypatch.setattr(run_steps, "merge", measured)
    loaded = load_model(model_options(config))
    said = estimate(config, load_task(config.task, task_options(config)), loaded)

    runs.run(config, NullProgress())

    low, high = SHARES[measures]
    assert said.n_masks == 20 * sum(each.n_neurons for each in loaded.layers)
    assert low < said.journal / found["journal"] < high
    assert low < said.results / config.out.stat().st_size < high


@pytest.mark.parametrize("architecture", ["bloom", "llama", "qwen3", "gemma2", "mt5", "xglm"])
def test_the_cache_of_a_token_is_that_of_the_model(architecture: str, tmp_path: Path) -> None:
    save_tiny(architecture, tmp_path)
    loaded = load_model(ModelOptions(str(tmp_path)))
    ids = torch.tensor([[5, 6, 7]])
    inputs = {"decoder_input_ids": ids} if loaded.encoder_decoder else {}

    with torch.inference_mode():
        cache = loaded.model(input_ids=ids, use_cache=True, **inputs).past_key_values

    own = cache.self_attention_cache if loaded.encoder_decoder else cache
    held = sum(each.keys.nbytes + each.values.nbytes for each in own.layers)
    assert cache_a_token(loaded) == held // ids.shape[1]
    loaded.model.config = PreTrainedConfig()  # of a model that calls these things by other names
    assert cache_a_token(loaded) > 0


def test_more_is_needed_the_more_is_held(tmp_path: Path) -> None:
    config = RunConfig(model=str(DEMO_MODEL), task=str(demo_task("fact")), out=tmp_path / "r.duckdb", limit=20)
    data = load_task(config.task, task_options(config))
    loaded = load_model(model_options(config))

    def working(**changes: object) -> int:
        return estimate(replace(config, **changes), data, loaded).working

    assert working() < working(measures=("types", "attribution"))
    assert working(batch_tokens=256) < working()
    assert working(every_token=False) < working()
    small = replace(estimate(config, data, loaded), memory_free=1000, disk_free=1000)
    assert [each.split()[0] for each in shortages(small)] == ["The", "Measuring"]


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"ablation_set": "global"}, 1),
        ({"ablation_value": ("mean",)}, 2),
        ({"ablation_value": ("resample",)}, 0.5),
        ({"ablation_value": ("resample",), "ablation_set": "global"}, 1.5),
        ({"measures": ("types",), "ablation_value": ("mean",)}, -2.5),
    ],
)
def test_passes_before_an_ablation_and_over_other_prompts_are_counted(changes: dict[str, Any], more: float) -> None:
    """A survey reads all prompts, for means twice; those that replace weights are read for each ablated example."""
    config = RunConfig(model=str(DEMO_MODEL), task=str(demo_task("fact")), out=Path("r.duckdb"), limit=20,
                       measures=("types", "ablation"), ablation_examples=10)  # fmt: skip
    data = load_task(config.task, task_options(config))
    n_conditions = 5 if "ablation" in changes.get("measures", config.measures) else 0
    plain = passes_per_example(config, data, 5)
    assert plain == 1 + 1 + 5 / 2
    assert passes_per_example(replace(config, **changes), data, n_conditions) == plain + more


def test_gradients_and_exact_effects_are_counted(tmp_path: Path) -> None:
    config = RunConfig(model=str(DEMO_MODEL), task=str(demo_task("fact")), out=tmp_path / "r.duckdb", limit=20,
                       measures=("types", "gradient"))  # fmt: skip
    data = load_task(config.task, task_options(config))
    loaded = load_model(model_options(config))
    n_answered = sum(len(example.answers) for example in data.examples)
    plain = estimate(replace(config, measures=("types",)), data, loaded)
    said = estimate(config, data, loaded)
    exact = estimate(replace(config, truth_neurons=5, truth_examples=4), data, loaded)
    assert (plain.n_gradients, said.n_gradients, said.n_effects) == (0, n_answered, 0)
    assert exact.n_effects == 5 * len(loaded.layers) * n_answered // 5
    assert plain.passes < said.passes < exact.passes
    assert plain.working <= said.working
    assert plain.journal < said.journal < exact.journal
    assert f"{n_answered:,} prompts with an answer, and {exact.n_effects:,} exact effects" in estimate_text(exact)
    assert "backward" not in estimate_text(plain)
    with pytest.raises(InputError, match="--dtype float32"):
        estimate(replace(config, truth_neurons=5), data, replace(loaded, dtype="bfloat16"))


def test_memory_that_a_gpu_holds_unused_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (1000, 9000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 700)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 400)

    assert memory_free("cuda:0") == 1300
