"""`neurontui check`: problems by line and field, then warnings about the texts."""

import json
from pathlib import Path

from tests.tui.cli.command_line import neurontui


def _write(path: Path, *prompts: dict[str, str]) -> Path:
    lines = [{"id": str(i), "prompts": texts} for i, texts in enumerate(prompts)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_doubtful_texts_are_warnings_and_no_problems(tmp_path: Path) -> None:
    task = _write(tmp_path / "task.jsonl", {"en": "Paris is ", "de": "Paris is ", "ru": "Paris"})
    said = neurontui("check", task)
    assert said.code == 0
    lines = said.out.splitlines()
    assert all(line.startswith(f"{task}: warning: ") for line in lines)
    assert [line.split(": ", 2)[2].split(",")[0] for line in lines[:2]] == ["In en", "In de"]
    assert "same text in two languages: en and de in 1 of 1 examples" in lines[2]
    assert "In ru, 1 of 1 prompts have no letter of the language's script (Cyrl)" in lines[3]
    assert "4 warnings" in said.err


def test_sound_texts_have_no_warnings(tmp_path: Path) -> None:
    said = neurontui("check", _write(tmp_path / "task.jsonl", {"en": "Paris is", "ru": "Париж"}))
    assert (said.code, said.out) == (0, "")
    assert "no problems" in said.err


def test_problems_and_warnings_together(tmp_path: Path) -> None:
    said = neurontui("check", _write(tmp_path / "task.jsonl", {"en": "Paris is "}, {"en": ""}))
    assert said.code == 3
    problem, warning = said.out.splitlines()
    assert ":2: prompts.en: is empty" in problem
    assert "warning: In en, 1 of 1 prompts end in white space" in warning
