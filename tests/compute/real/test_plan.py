"""The plan of `demo --real`: four settings and all measures, and each run as a shell line."""

from pathlib import Path

import pytest

from neurontui.compute.demo import LANGUAGES
from neurontui.compute.real.plan import FULL, QUICK, PlannedRun, config_of, plan_text
from neurontui.compute.run import require_inputs
from neurontui.compute.run_options import task_options
from neurontui.compute.tasks.registry import load_task
from tests.compute.test_command_line import parsed

MODEL, OUT = Path("model.gguf"), Path("real.duckdb")


@pytest.mark.parametrize("runs", [FULL, QUICK], ids=["full", "quick"])
def test_it_covers_the_settings_and_measures_of_the_paper(runs: tuple[PlannedRun, ...]) -> None:
    configs = [config_of(run, MODEL, OUT, None) for run in runs]

    assert {run.task for run in runs} == {"fact", "xnli", "ke-en-all", "ke-all-en"}
    assert {name for config in configs for name in config.measures} == {"types", "attribution", "ablation"}
    assert any(len(config.thresholds) > 1 for config in configs)
    assert any(config.shots for config in configs)
    assert "ablation" in configs[-1].measures
    for config, run in zip(configs, runs, strict=True):
        require_inputs(config)
        data = load_task(config.task, task_options(config))
        assert data.languages == LANGUAGES
        assert len(data.examples) == run.examples


def test_the_shell_lines_are_the_runs() -> None:
    configs = [config_of(run, MODEL, OUT, Path("data")) for run in QUICK]
    lines = [line for line in plan_text(QUICK, configs).splitlines() if not line.startswith("#")]

    assert [parsed(line) for line in lines] == configs
    assert [config.task for config in configs] == [run.task for run in QUICK]


@pytest.mark.parametrize(("runs", "minutes"), [(FULL, 25), (QUICK, 6)], ids=["full", "quick"])
def test_the_announced_time_is_that_of_the_plan(runs: tuple[PlannedRun, ...], minutes: int) -> None:
    text = plan_text(runs, [config_of(run, MODEL, OUT, None) for run in runs])
    total = float(text.splitlines()[-1].split("Together ")[1].split(" min")[0])

    assert total <= minutes
