"""The shell line of a RunConfig measures the same run."""

import shlex
from pathlib import Path

from neurontui.compute.command_line import command_line
from neurontui.compute.config import RunConfig
from neurontui.tui.cli.commands.run import _config, command

CONFIG = RunConfig(
    model="a folder/model.gguf",
    task="ke-en-all",
    out=Path("results of 'me'.duckdb"),
    data=Path("data"),
    languages=("en", "de"),
    limit=3,
    shots=2,
    measures=("types", "ablation"),
    thresholds=(0.0, 0.1, 1e-07),
    every_token=False,
    post_norm=False,
    final_norm=True,
    ablation_layers=(0, 2),
    ablation_doses=(0.01,),
    token="subject",
    seed=-4,
    device="cpu",
)


def parsed(line: str) -> RunConfig:
    words = shlex.split(line)
    assert words[:2] == ["neurontui", "run"]
    context = command.make_context("run", words[2:])
    given = {name: value for name, value in context.params.items() if value is not None}
    assert not given.pop("dry_run")
    assert not given.pop("quiet")
    return _config(given)


def test_it_has_every_option_that_differs_from_its_default() -> None:
    assert parsed(command_line(CONFIG)) == CONFIG


def test_it_has_no_option_at_its_default() -> None:
    minimal = RunConfig(model="m", task="xnli", out=Path("r.duckdb"))
    assert command_line(minimal) == "neurontui run --model m --task xnli --out r.duckdb"
