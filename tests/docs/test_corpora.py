"""Follows docs/corpora.md: writes its text files and runs its commands, from the texts to a table and a figure."""

import json
import re
import shlex
from pathlib import Path

import pytest

from neurontui.compute.demo import DEMO_MODEL
from neurontui.compute.models.passes.corpus_pass import LOSS_EVERY
from neurontui.compute.tasks.corpus.files import LINES, ROWS
from neurontui.queries.loader import load_queries
from neurontui.store.schema import layout
from tests.docs.outputs import ROOT
from tests.tui.cli.command_line import Said, neurontui

PAGE = (ROOT / "docs" / "corpora.md").read_text("utf-8")
FILE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()


def command(line: str, *more: str) -> Said:
    words = [str(DEMO_MODEL) if word == "bigscience/bloomz-560m" else word for word in shlex.split(line)]
    return neurontui(*words[1:], *more)


def test_three_text_files_become_a_table_and_a_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    run, corpora, lape, save, report = COMMANDS

    assert command(run).code == 0
    languages = json.loads(command(corpora, "--format", "json").out)
    assert [(row["language"], row["texts"]) for row in languages] == [("en", 6), ("de", 6), ("zh", 6)]
    neurons = json.loads(command(lape, "--format", "json").out)
    assert {code for row in neurons for code in row["languages"]} <= {"en", "de", "zh"}
    assert neurons
    assert command(save).code == 0
    assert (tmp_path / "results.duckdb.sets" / "lape.csv").is_file()
    written = command(report)
    assert written.code == 0, written.err
    assert "corpus" in (tmp_path / "report.md").read_text("utf-8")
    assert list((tmp_path / "report.files").glob("*.svg")) or list(tmp_path.glob("**/*.svg"))


def test_the_page_names_what_there_is() -> None:
    named = set(re.findall(r"`([\w.-]+)`", PAGE))
    assert set(LINES) <= named
    assert set(ROWS) - {".ndjson", ".tab"} <= named
    table = PAGE[PAGE.index("## Queries") :]
    assert set(re.findall(r"`([\w-]+)`", table)) <= {query.name for query in load_queries()}
    assert named & set(layout()) == {"corpora", "neuron_activity", "neuron_moments", "neuron_precision"}
    assert f"one in {LOSS_EVERY} tokens" in PAGE
