"""Runs of models with a norm behind their FFNs: their identity, their settings and notes, and --no-post-norm."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded_model import ModelFacts
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.compute.run_key import run_key
from neurontui.compute.run_options import model_options
from neurontui.compute.tasks.example import Example, TaskData
from tests.compute.tiny import LANGUAGES, PROMPTS, save_tiny

DATA = TaskData("t", None, 0, ("en",), (Example("e", "c", {"en": "Prompt"}),))


def config_of(tmp_path: Path, architecture: str, **changes) -> RunConfig:
    task = tmp_path / "capitals.jsonl"
    prompts = [{code: PROMPTS[code][i] for code in LANGUAGES} for i in range(2)]
    answers = dict.fromkeys(LANGUAGES, "Ankara")
    lines = [json.dumps({"id": f"e{i}", "prompts": each, "answers": answers}) for i, each in enumerate(prompts)]
    task.write_text("\n".join(lines), encoding="utf-8")
    folder = tmp_path / architecture
    if not folder.exists():
        save_tiny(architecture, folder)
    return RunConfig(
        model=str(folder), task=str(task), out=tmp_path / "results.duckdb", device="cpu", max_new_tokens=1,
        **{"measures": ("types", "attribution"), **changes},
    )  # fmt: skip


def facts(post_norms: int | None) -> ModelFacts:
    return ModelFacts(
        name="m", revision="c", digest="d", architecture="a", dtype="float32", device="cpu", device_name="cpu",
        placement="", layers=(), notes=(), n_parameters=1, post_norms=post_norms,
    )  # fmt: skip


@pytest.mark.parametrize("post_norms", [None, 0])
def test_a_run_without_such_norms_has_the_key_it_had(post_norms: int | None) -> None:
    """The literal key is from before the option: results files that exist have it."""
    config = RunConfig(model="m", task="t", out=Path("r.duckdb"))
    keys = {run_key(replace(config, post_norm=on), DATA, facts(post_norms)) for on in (True, False)}
    assert keys == {KEY_BEFORE}


def test_with_such_norms_the_option_is_part_of_the_key() -> None:
    config = RunConfig(model="m", task="t", out=Path("r.duckdb"))
    keys = {run_key(replace(config, post_norm=on), DATA, facts(26)) for on in (True, False)}
    assert len({*keys, KEY_BEFORE}) == 3


def test_norms_are_looked_for_only_where_scores_are_measured() -> None:
    config = RunConfig(model="m", task="t", out=Path("r.duckdb"))
    assert model_options(config).post_norm is None
    for measure in ("contribution", "attribution", "ablation"):
        scored = replace(config, measures=(measure,))
        assert model_options(scored).post_norm is True
        assert model_options(replace(scored, post_norm=False)).post_norm is False


def test_both_runs_of_a_model_with_norms_are_kept_and_say_what_they_are(tmp_path: Path) -> None:
    config = config_of(tmp_path, "gemma2")
    runs = [run(replace(config, post_norm=on), NullProgress()).run for on in (True, False)]
    assert runs == [1, 2]
    with duckdb.connect(str(config.out), read_only=True) as connection:
        recorded = connection.execute("SELECT settings FROM runs ORDER BY run").fetchall()
        notes = connection.execute("SELECT run, text FROM notes WHERE text LIKE '%residual%' ORDER BY run").fetchall()
        raw = connection.execute("SELECT sum(raw_sum) FROM attribution GROUP BY run ORDER BY run").fetchall()
    settings = [json.loads(text) for (text,) in recorded]
    assert [(each["post_norm"], each["post_norm_layers"]) for each in settings] == [(True, 2), (False, 2)]
    assert [text.split()[4] for _, text in notes] == ["include", "exclude"]
    assert all("(2 of 2 layers)" in text for _, text in notes)
    assert raw[0] != raw[1]


def test_a_run_of_a_model_without_them_is_one_run(tmp_path: Path) -> None:
    config = config_of(tmp_path, "llama")
    assert run(config, NullProgress()).measured
    assert not run(replace(config, post_norm=False), NullProgress()).measured
    with duckdb.connect(str(config.out), read_only=True) as connection:
        ((text,),) = connection.execute("SELECT settings FROM runs").fetchall()
        ((n,),) = connection.execute("SELECT count(*) FROM notes WHERE text LIKE '%residual stream%'").fetchall()
    settings = json.loads(text)
    assert (settings["post_norm"], settings["post_norm_layers"], n) == (True, 0, 0)


KEY_BEFORE = "8237e49642abd3264f599477e217630b590471185e0e59354a09197cbf901676"
