"""`neurontui check`: problems by line and field, then warnings about the texts."""

import json
from pathlib import Path

from neurontui.compute.tasks.mapped.shipped import FOLDER
from tests.compute.tasks.mapped import look_alikes
from tests.tui.cli.command_line import is_one_sentence, neurontui

MGSM = FOLDER / "mgsm.toml"


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


def test_a_mapping_is_checked_with_its_data(tmp_path: Path) -> None:
    mine = look_alikes.write(tmp_path / "mine.toml", MGSM.read_text("utf-8"))
    said = neurontui("check", mine, "--data", look_alikes.mgsm(tmp_path / "data"))
    assert (said.code, said.out) == (0, "")
    assert "2 examples in en, de, ja" in said.err
    assert said.err.splitlines()[-1] == f"{mine}: no problems"
    said = neurontui("check", mine)
    assert said.code == 0
    assert "the data was not checked, because it is not here; give its folder with --data" in said.err


def test_problems_of_a_mapping_have_file_line_and_field(tmp_path: Path) -> None:
    text = MGSM.read_text("utf-8")
    folder = look_alikes.mgsm(tmp_path / "data")
    mine = look_alikes.write(tmp_path / "mine.toml", text.replace("{question}", "{qestion}"))
    said = neurontui("check", mine, "--data", folder)
    assert (said.code, said.err) == (3, "1 problem\n")
    line = text.splitlines().index('prompt = "Question: {question} Answer:"') + 1
    assert said.out == (
        f"{mine}:{line}: example.prompt: names the column 'qestion', which {folder}/mgsm_en.tsv does not have; did you "
        "mean 'question'?\n"
    )
    mine.write_text(text, "utf-8")
    german = folder / "mgsm_de.tsv"
    german.write_bytes(b"Ada hat 3\t3\nTom kauft 2 H\xfchner\t2\n")
    said = neurontui("check", mine, "--data", folder, "--languages", "de,en")
    assert said.code == 3
    assert said.out.startswith(f"{german}:2: line: is not UTF-8 (byte 14 is 0xfc)")


def test_a_task_file_has_no_other_data(tmp_path: Path) -> None:
    said = neurontui("check", tmp_path / "mine.jsonl", "--data", tmp_path)
    assert said.code == 2
    assert is_one_sentence(said)
