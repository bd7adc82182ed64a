"""Two runs are the same run only if model, prompts and settings are the same: what is measured, and what is not."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from neurontui.compute.config import RunConfig
from neurontui.compute.engines import local
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import Finished, run
from neurontui.compute.run_key import _LATER, _deciding
from neurontui.queries.results import open_results
from neurontui.store.admin.merge_files import combine
from neurontui.store.errors import MeasureError
from neurontui.store.journal.journal import list_journals
from neurontui.tui.cli.main import cli
from tests.compute.models.load.hub_cache import HubCache
from tests.compute.tiny import LANGUAGES, PROMPTS, save_tiny


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("models")
    return {seed: save_tiny("llama", folder / f"llama-{seed}", seed) for seed in (0, 1)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubCache:
    return HubCache(tmp_path / "hub", monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    task = tmp_path / "capitals.jsonl"
    prompts = [{code: PROMPTS[code][i] for code in LANGUAGES} for i in range(3)]
    lines = [json.dumps({"id": f"e{i}", "prompts": each}) for i, each in enumerate(prompts)]
    task.write_text("\n".join(lines), encoding="utf-8")
    return RunConfig(
        model="org/base", task=str(task), out=tmp_path / "results.duckdb", device="cpu",
        batch_examples=1,
    )  # fmt: skip


Measure = Callable[..., Finished]


@pytest.fixture
def measure(config: RunConfig) -> Measure:
    """Measure with some options changed."""
    return lambda **changes: run(replace(config, **changes), NullProgress())


def masks(results: Path) -> dict[int, tuple[str, str | None, int]]:
    """By run: its model, its commit, and a digest of all its masks."""
    with open_results(results) as opened:
        rows = opened.sql(
            "SELECT run, model, revision, sum(hash(example, layer, neuron, mask))::VARCHAR AS masks "
            "FROM activations JOIN runs USING (run) GROUP BY ALL ORDER BY run"
        ).to_pylist()
    return {row["run"]: (row["model"], row["revision"], row["masks"]) for row in rows}


def test_two_models_of_one_architecture_are_two_runs(
    cache: HubCache, saved: dict[int, Path], measure: Measure, config: RunConfig
) -> None:
    commits = [cache.add(name, saved[seed]).name for seed, name in enumerate(("org/base", "org/instruct"))]
    finished = [measure(model=name) for name in ("org/base", "org/instruct", "org/base")]
    assert [each.measured for each in finished] == [True, True, False]
    stored = masks(config.out)
    assert [stored[run][:2] for run in (1, 2)] == list(zip(("org/base", "org/instruct"), commits, strict=True))
    assert stored[1][2] != stored[2][2]


def test_two_revisions_of_one_model_are_two_runs(
    cache: HubCache, saved: dict[int, Path], measure: Measure, config: RunConfig
) -> None:
    first = cache.add("org/base", saved[0])
    second = cache.add("org/base", saved[1], revision="refs/pr/1")
    assert measure().measured
    assert measure(revision="refs/pr/1").measured
    assert not measure(revision=second.name).measured  # the same commit by its own name
    assert [each[1] for each in masks(config.out).values()] == [first.name, second.name]


def test_a_branch_that_moves_is_measured_again(
    cache: HubCache, saved: dict[int, Path], measure: Measure, config: RunConfig
) -> None:
    cache.add("org/base", saved[0])
    measure()
    cache.add("org/base", saved[1])
    assert measure().measured
    assert len(masks(config.out)) == 2


def test_a_list_of_three_models_is_three_runs(
    cache: HubCache, saved: dict[int, Path], config: RunConfig, tmp_path: Path
) -> None:
    for name, seed in (("org/a", 0), ("org/b", 1), ("org/c", 0)):
        cache.add(name, saved[seed])
    listed = tmp_path / "paper.toml"
    listed.write_text(
        f'[defaults]\nout = "{config.out}"\ntask = "{config.task}"\ndevice = "cpu"\n'
        '[[run]]\nmodel = ["org/a", "org/b", "org/c"]\n'
    )
    result = CliRunner().invoke(cli, ["run", str(listed)])
    assert result.exit_code == 0, result.output
    assert [each[0] for each in masks(config.out).values()] == ["org/a", "org/b", "org/c"]


def test_force_replaces_the_run_of_the_same_model_alone(
    cache: HubCache, saved: dict[int, Path], measure: Measure, config: RunConfig
) -> None:
    for seed, name in enumerate(("org/base", "org/instruct")):
        cache.add(name, saved[seed])
    measure()
    before = masks(config.out)[1]
    forced = measure(model="org/instruct", force=True)
    assert forced.run == 2
    assert masks(config.out)[1] == before
    assert measure(force=True).run == 1
    assert len(masks(config.out)) == 2


def test_merged_files_keep_the_runs_of_both_models(
    cache: HubCache, saved: dict[int, Path], measure: Measure, tmp_path: Path
) -> None:
    files = [tmp_path / "a.duckdb", tmp_path / "b.duckdb"]
    for seed, (name, out) in enumerate(zip(("org/base", "org/instruct"), files, strict=True)):
        cache.add(name, saved[seed])
        measure(model=name, out=out)
    combine(files, tmp_path / "both.duckdb")
    assert [each[0] for each in masks(tmp_path / "both.duckdb").values()] == [
        "org/base",
        "org/instruct",
    ]


def test_a_run_that_was_stopped_does_not_go_on_with_another_revision(
    cache: HubCache,
    saved: dict[int, Path],
    measure: Measure,
    config: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.add("org/base", saved[0])
    _stop_after_first_batch(monkeypatch, measure)
    assert [each.done for each in list_journals(config.out)] == [1]
    cache.add("org/base", saved[1])
    measure()
    alone = config.out.with_name("alone.duckdb")
    measure(out=alone)
    assert masks(config.out) == masks(alone)


def test_a_run_that_was_stopped_goes_on_with_the_same_revision(
    cache: HubCache,
    saved: dict[int, Path],
    measure: Measure,
    config: RunConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.add("org/base", saved[0])
    _stop_after_first_batch(monkeypatch, measure)
    measured: list[int] = []
    original = local.measure_into
    monkeypatch.setattr(local, "measure_into", lambda *a: measured.append(a[2].number) or original(*a))
    measure()
    assert measured == [1, 2]
    assert list_journals(config.out) == []


def _stop_after_first_batch(monkeypatch: pytest.MonkeyPatch, measure: Measure) -> None:
    original = local.measure_into

    def stop(folder: Path, measurer: Any, batch: Any, *rest: Any) -> Any:
        if batch.number:
            raise MeasureError("Stopped.")
        return original(folder, measurer, batch, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(local, "measure_into", stop)
        with pytest.raises(MeasureError, match="Stopped"):
            measure()


def test_a_local_folder_that_moved_is_the_same_run(saved: dict[int, Path], measure: Measure, tmp_path: Path) -> None:
    places = [tmp_path / "here" / "mine", tmp_path / "there" / "mine"]
    shutil.copytree(saved[0], places[0])
    assert measure(model=str(places[0])).measured
    places[1].parent.mkdir()
    places[0].rename(places[1])
    assert not measure(model=str(places[1])).measured


def test_the_same_weights_under_two_names_are_two_runs(
    cache: HubCache, saved: dict[int, Path], measure: Measure, config: RunConfig, tmp_path: Path
) -> None:
    """Each is found under its own name; the digest in their settings shows that they are equal."""
    shutil.copytree(saved[0], tmp_path / "copy-1")
    shutil.copytree(saved[0], tmp_path / "copy-2")
    for name in ("copy-1", "copy-2"):
        assert measure(model=str(tmp_path / name)).measured
    with open_results(config.out) as opened:
        digests = opened.sql("SELECT settings->>'model_digest' AS digest FROM runs").to_pylist()
    assert digests[0] == digests[1] != {"digest": None}


def test_a_changed_file_is_another_model(
    saved: dict[int, Path], measure: Measure, config: RunConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(saved[0], folder)
    measure(model=str(folder))
    shutil.copy(saved[1] / "model.safetensors", folder)
    assert measure(model=str(folder)).measured
    assert len(masks(config.out)) == 2


def test_the_cache_by_path_is_the_same_run_as_by_name(
    cache: HubCache, saved: dict[int, Path], measure: Measure
) -> None:
    snapshot = cache.add("org/base", saved[0])
    first = measure()
    assert first.name == "org/base · capitals"
    for path in (snapshot, cache.upper("org/base")):
        again = measure(model=str(path))
        assert (again.measured, again.name) == (False, first.name)


def test_merging_files_of_an_earlier_version_keeps_both_models(
    cache: HubCache, saved: dict[int, Path], measure: Measure, tmp_path: Path
) -> None:
    """Their runs of different models have one key, and no digest."""
    files = [tmp_path / "a.duckdb", tmp_path / "b.duckdb"]
    for seed, (name, out) in enumerate(zip(("org/base", "org/instruct"), files, strict=True)):
        cache.add(name, saved[seed])
        measure(model=name, out=out)
        with duckdb.connect(str(out)) as connection:
            connection.execute("UPDATE runs SET key = 'same', revision = NULL, settings = '{}'")
    both = tmp_path / "both.duckdb"
    combine(files, both)
    assert [each[0] for each in masks(both).values()] == ["org/base", "org/instruct"]
    printed = CliRunner().invoke(cli, ["info", str(both)]).output
    for number, name in enumerate(("org/base", "org/instruct"), 1):
        assert f"run {number}: The measured revision of {name} is unknown" in printed
    with open_results(both) as opened:
        checks = opened.query("health", run=1).to_pylist()
    assert [each["passed"] for each in checks if each["check"] == "model"] == [False]


def test_info_has_no_doubts_about_a_run_of_today(
    cache: HubCache, saved: dict[int, Path], measure: Measure, config: RunConfig
) -> None:
    cache.add("org/base", saved[0])
    measure()
    assert "is unknown" not in CliRunner().invoke(cli, ["info", str(config.out)]).output
    with open_results(config.out) as opened:
        checks = opened.query("health").to_pylist()
    assert [each["passed"] for each in checks if each["check"] == "model"] == [True]


def test_options_that_came_later_leave_the_key_of_other_runs_alone(config: RunConfig) -> None:
    assert not _LATER.keys() & _deciding(config).keys()
    assert _deciding(replace(config, token="subject"))["token"] == "subject"


def test_teacher_forcing_is_part_of_the_key_of_runs_that_ablate(config: RunConfig) -> None:
    """Generated answers are what earlier versions judged, so those runs keep their key."""
    ablated = replace(config, measures=("types", "ablation"))
    assert _deciding(ablated)["ablation_judge"] == "teacher-forced"
    assert "ablation_judge" not in _deciding(replace(ablated, ablation_judge="generated"))
    assert _deciding(config) == _deciding(replace(config, ablation_judge="generated"))


def test_the_value_of_an_ablation_is_part_of_the_key_in_one_spelling(config: RunConfig) -> None:
    """Zero alone as in earlier versions; their mean was another number, so it has another key."""
    for spelling in (("0",), ("zero",)):
        assert _deciding(replace(config, ablation_value=spelling))["ablation_value"] == "0"
    assert _deciding(replace(config, ablation_value=("mean",)))["ablation_value"] == ["mean"]
    several = replace(config, ablation_value=("zero", "mean-of:deu_Latn", "scale:2.0"))
    assert _deciding(several)["ablation_value"] == ["0", "mean-of:de", "scale:2"]


def test_neurons_are_part_of_the_key_by_their_rows_not_by_the_name_of_their_set(config: RunConfig) -> None:
    ablated = replace(config, measures=("types", "ablation"))
    folder = config.out.with_name("results.duckdb.sets")
    folder.mkdir()
    for name, rows in (("one", "layer,neuron\n0,1\n"), ("same", "layer,neuron\n0,1\n"), ("two", "layer,neuron\n0,2\n")):
        (folder / f"{name}.csv").write_text(rows)
    keys = [_deciding(replace(ablated, ablate=Path(name)))["ablate"] for name in ("one", "same", "two")]
    assert keys[0] == keys[1] == _deciding(replace(ablated, ablate=folder / "one.csv"))["ablate"]
    assert keys[0] != keys[2]
