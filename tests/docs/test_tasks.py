"""Follows docs/tasks.md: writes the files of its example, runs its commands, and plants the faults that it shows."""

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from neurontui.compute.demo import DEMO_MODEL
from neurontui.compute.tasks.mapped.parse import DATA_FIELDS, EXAMPLE_FIELDS, ROW_FIELDS, TOP_FIELDS
from neurontui.compute.tasks.registry import all_tasks
from tests.docs.outputs import ROOT
from tests.tui.cli.command_line import Said, neurontui

PAGE = (ROOT / "docs" / "tasks.md").read_text("utf-8")
FILE = re.compile(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def command(line: str) -> Said:
    words = [str(DEMO_MODEL) if word == "bigscience/bloomz-560m" else word for word in shlex.split(line)]
    return neurontui(*words[1:])


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the files of the example."""
    for name, text in FILE.findall(PAGE):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_is_checked_shown_and_measured(example: Path) -> None:
    check, show, run = CONSOLE.findall(PAGE)[1].splitlines()

    checked, shown, measured = command(check), command(show), command(run)

    assert (checked.code, checked.out) == (0, "")
    assert "3 examples in en, de, zh" in checked.err
    assert "de  Die Hauptstadt des Landes Frankreich ist\n      → Paris" in shown.out
    assert measured.code == 0, measured.err
    with duckdb.connect("results.duckdb", read_only=True) as results:
        rows = results.execute("SELECT id, language, prompt, answer FROM examples WHERE id = 'Q183'").fetchall()
    assert sorted(rows) == [
        ("Q183", "de", "Die Hauptstadt des Landes Deutschland ist", "Berlin"),
        ("Q183", "en", "The capital of Germany is", "Berlin"),
        ("Q183", "zh", "德国的首都是", "柏林"),
    ]


def test_the_faults_of_the_page_are_found(example: Path) -> None:
    mapping, chinese = example / "mine.toml", example / "capitals" / "zh.csv"
    mapping.write_text(mapping.read_text("utf-8").replace("Landes {country}", "Landes {county}"), "utf-8")
    chinese.write_text(chinese.read_text("utf-8").replace("Q38", "Q142"), "utf-8")

    found = neurontui("check", "mine.toml")

    assert found.code == 3
    assert found.out in PAGE
    assert len(found.out.splitlines()) == 2


def test_the_page_has_every_task_and_field() -> None:
    named = set(re.findall(r"`([\w-]+)`", PAGE))
    assert set(all_tasks()) <= named
    assert {*TOP_FIELDS, *DATA_FIELDS, *ROW_FIELDS, *EXAMPLE_FIELDS} - {"data", "rows", "example"} <= named
    assert command(CONSOLE.findall(PAGE)[0].splitlines()[1]).code == 0
