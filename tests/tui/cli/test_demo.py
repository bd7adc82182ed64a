"""`neurontui demo` from end to end on a few examples of two runs, and the list of all runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.compute.demo import MODELS_DIR, TASKS
from neurontui.tui.cli.commands import demo
from tests.tui.cli.command_line import neurontui


def test_it_measures_tells_and_stops_without_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configs = demo._configs

    def few(out: Path) -> list[object]:
        runs = [run for run in configs(out) if run.model.endswith("llama")]
        return [replace(run, limit=6, measures=("types",)) for run in runs]

    monkeypatch.setattr(demo, "_configs", few)
    said = neurontui("demo", "--out", tmp_path / "results.duckdb")

    assert said.code == 0, said.err
    assert "measured in" in said.err
    assert "Findings of demo llama · fact" in said.out
    assert said.out.count("? ") >= 4, "four questions, answered"
    assert (tmp_path / "results.duckdb").is_file()


def test_its_runs_are_every_task_and_sibling_with_all_measures(tmp_path: Path) -> None:
    runs = demo._configs(tmp_path / "results.duckdb")

    assert {Path(run.task).stem for run in runs if run.model.endswith("bloom")} == set(TASKS)
    assert {Path(run.model).name for run in runs} == {folder.name for folder in MODELS_DIR.iterdir()}
    assert {run.device for run in runs} == {"cpu"}
    assert all({"types", "attribution"} <= set(run.measures) for run in runs)
    assert [Path(r.task).stem for r in runs if "ablation" in r.measures] == ["xnli", "ke-en-all"]
