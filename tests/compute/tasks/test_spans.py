"""The subject of each prompt, for `--token subject`: of fact, of knowledge editing, and of task files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.compute.tasks.digest import digest, spans_digest
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.task_file.reader import check_task_file

PROMPTS = {"en": "The capital of France is", "zh": "法国的首都是"}
SPANS = {"en": "France", "zh": "法国"}


@pytest.mark.parametrize(
    ("task", "folder", "n_of_language"),
    [
        ("fact", "mpararel_capital", {"en": 972, "zh": 972, "th": 972}),
        ("ke-en-all", "mzsre", {"en": 743, "de": 533, "th": 134}),
        ("ke-all-en", "mzsre", {"en": 743, "de": 743, "th": 743}),
    ],
)
def test_real_prompts_contain_the_subjects_they_name(
    real_data: Path, task: str, folder: str, n_of_language: dict[str, int]
) -> None:
    data = load_task(task, TaskOptions(data=real_data / folder))
    named = [(example, code) for example in data.examples for code in example.spans]
    assert all(example.spans[code] in example.prompts[code] for example, code in named)
    assert {code: sum(of == code for _, of in named) for code in n_of_language} == n_of_language


def test_a_subject_is_in_the_question_not_in_the_edit_before_it(real_data: Path) -> None:
    """Where the edit is English, it may contain the subject that the question translates."""
    data = load_task("ke-en-all", TaskOptions(data=real_data / "mzsre"))
    for example in data.examples:
        for code, span in example.spans.items():
            assert example.prompts[code].rfind(span) > example.prompts[code].rfind("Question:")


@pytest.mark.parametrize("name", ["spans.jsonl", "spans.csv"])
def test_a_task_file_names_its_spans(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(
        json.dumps({"id": "a", "prompts": PROMPTS, "spans": {"eng_Latn": "France", "zh": "法国"}})
        if name.endswith("jsonl")
        else f"id,prompt_en,prompt_zh,span_en,span_zh\na,{','.join((*PROMPTS.values(), *SPANS.values()))}\n",
        encoding="utf-8",
    )
    data = load_task(str(path), TaskOptions())
    assert data.examples[0].spans == SPANS
    assert not any("not used" in note for note in data.notes)


def test_an_empty_cell_names_no_span(tmp_path: Path) -> None:
    path = tmp_path / "spans.tsv"
    path.write_text("id\tprompt_en\tprompt_de\tspan_en\tspan_de\na\tIn Rome\tIn Rom\tRome\t\n", encoding="utf-8")
    assert load_task(str(path), TaskOptions()).examples[0].spans == {"en": "Rome"}


@pytest.mark.parametrize(
    ("spans", "field", "words"),
    [
        ("France", "spans", "must be an object of language and text"),
        ({"en": 3}, "spans.en", "must be text"),
        ({"en": ""}, "spans.en", "empty"),
        ({"de": "Frankreich"}, "spans.de", "a language without a prompt"),
    ],
)
def test_a_wrong_span_is_named(spans: object, field: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps({"id": "a", "prompts": PROMPTS, "spans": spans}))
    (problem,) = check_task_file(path)
    assert problem.field == field
    assert words in problem.message


def test_spans_are_part_of_a_digest_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps({"id": "a", "prompts": PROMPTS, "spans": SPANS}))
    data = load_task(str(path), TaskOptions())
    other = replace(data, examples=(replace(data.examples[0], spans={"en": "capital"}),))
    assert digest(data) == digest(other)
    assert spans_digest(data) != spans_digest(other)
