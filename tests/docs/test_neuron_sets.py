"""Follows docs/neuron-sets.md: all of its commands, in their order."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
import torch

from neurontui.compute.demo import DEMO_MODEL, demo_task
from tests.docs.outputs import ROOT
from tests.tui.cli.command_line import neurontui

PAGE = (ROOT / "docs" / "neuron-sets.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
PLACES = {"bigscience/bloomz-560m": str(DEMO_MODEL), "xnli": str(demo_task("fact"))}
QUICK = ("--limit", 1, "--ablation-types", "none", "--ablation-fractions", "", "--ablation-doses", "")


def test_the_commands_of_the_page_work_in_their_order(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(results, tmp_path / "results.duckdb")
    monkeypatch.chdir(tmp_path)
    torch.save([[torch.tensor([layer]) for layer in range(6)] for _ in range(7)], "published.neuron.pth")

    for line in COMMANDS:
        words = [PLACES.get(word, word) for word in shlex.split(line)[1:]]
        ended = neurontui(*words, *(QUICK if words[0] == "run" else ()))
        assert ended.code == 0, (line, ended.err)
        assert ended.out or words[0] == "run" or words[1] not in ("list", "show", "overlap")

    names = {file.stem for file in Path("results.duckdb.sets").glob("*.csv")}
    assert names == {"lape", "lape-3", "thai", "both", "second-rank", "en-zh", "published"}
    header = neurontui("sets", "overlap", "results.duckdb", "lape", "thai", "--format", "csv").out.splitlines()[0]
    assert {"first", "second"} <= set(header.split(",")) <= {"first", "second", *re.findall(r"`(\w+)`", PAGE)}
