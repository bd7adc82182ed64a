"""`neurontui tasks`: the list, one task, and its mapping."""

import csv
import tomllib
from pathlib import Path

import pytest

from neurontui.compute.tasks.registry import all_tasks
from tests.compute.tasks.mapped import look_alikes
from tests.tui.cli.command_line import is_one_sentence, neurontui


def test_all_tasks_are_listed_with_languages_and_examples() -> None:
    said = neurontui("tasks", "--format", "csv")
    rows = {row["task"]: row for row in csv.DictReader(said.out.splitlines())}
    assert list(rows) == list(all_tasks())
    assert (rows["belebele"]["languages"], rows["belebele"]["examples"]) == ("122", "900")
    assert rows["belebele"]["data"] == "facebook/belebele"
    assert (rows["xnli"]["languages"], rows["xnli"]["examples"]) == ("15", "5010")
    assert rows["bmlama"]["data"] == "--data PATH"
    assert "Belebele" not in neurontui("tasks").err


def test_one_task_is_shown_with_its_first_example(tmp_path: Path) -> None:
    said = neurontui("tasks", "mgsm")
    assert said.out.splitlines()[1] == "250 examples, 11 languages: en, de, es, fr, ru, th, zh, bn, ja, sw, te"
    said = neurontui("tasks", "mgsm", "--data", look_alikes.mgsm(tmp_path), "--languages", "ja,de")
    assert "2 examples in 2 clusters, 2 languages (ja, de)" in said.out
    assert "ja  Question: エイダは3匹 Answer:" in said.out


def test_a_shipped_mapping_is_a_beginning_for_an_own_one(tmp_path: Path) -> None:
    text = neurontui("tasks", "mgsm", "--toml").out
    assert tomllib.loads(text)["data"]["hub"] == "juletxara/mgsm"
    mine = look_alikes.write(tmp_path / "mine.toml", text)
    said = neurontui("tasks", mine, "--data", look_alikes.mgsm(tmp_path / "data"))
    assert said.out.startswith("mine: 2 examples")
    said = neurontui("tasks", "fact", "--toml")
    assert said.code == 2
    assert "'fact' has no mapping; these tasks have one: belebele" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("belebel",), "did you mean belebele?"),
        (("mgsm", "--languages", "fr", "--data", "."), "no file below"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = neurontui("tasks", *arguments)
    assert said.code in (2, 3)
    assert is_one_sentence(said)
    assert words in said.err
