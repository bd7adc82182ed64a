"""Demonstrations from a task file: the last examples, joined as answers are, and never measured."""

import json
from pathlib import Path

import pytest

from neurontui.compute.demo import demo_task
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError


def written(folder: Path, lines: list[dict[str, object]]) -> str:
    path = folder / "facts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


def line(name: str, cluster: str, answers: dict[str, str]) -> dict[str, object]:
    prompts = {"en": f"The capital of {name} is", "zh": f"{name}的首都是"}
    return {"id": name, "cluster": cluster, "prompts": prompts, "answers": answers}


def test_the_last_examples_come_before_each_prompt_of_the_others(tmp_path: Path) -> None:
    lines = [line(name, name, {"en": f"{name} City", "zh": f"{name}市"}) for name in "ABC"]
    data = load_task(written(tmp_path, lines), TaskOptions(shots=2))

    assert (data.n_shots, [example.id for example in data.examples]) == (2, ["A"])
    assert data.examples[0].prompts == {
        "en": "The capital of B is B City\n\nThe capital of C is C City\n\nThe capital of A is",
        "zh": "B的首都是B市\n\nC的首都是C市\n\nA的首都是",
    }
    assert data.examples[0].answers == {"en": "A City", "zh": "A市"}


def test_examples_of_a_demonstrated_cluster_are_not_measured(tmp_path: Path) -> None:
    answers = {"en": "x", "zh": "x"}
    lines = [line("A", "one", answers), line("B", "two", answers), line("C", "two", answers)]
    data = load_task(written(tmp_path, lines), TaskOptions(shots=1))

    assert [example.id for example in data.examples] == ["A"]
    assert data.notes[-1].endswith("They and the other examples of their clusters (1) are not measured.")


def test_a_limit_counts_measured_examples() -> None:
    task = str(demo_task("ke-en-all"))
    with_shots, without = (load_task(task, TaskOptions(shots=shots, limit=5)) for shots in (2, 0))

    for shot, plain in zip(with_shots.examples, without.examples, strict=True):
        assert shot.id == plain.id
        assert all(shot.prompts[code].endswith("\n\n" + plain.prompts[code]) for code in plain.prompts)


@pytest.mark.parametrize(
    ("answers", "shots", "words"),
    [({"en": "x", "zh": "x"}, 2, "leaves none to measure"), ({"en": "x"}, 1, "B has no answer in zh")],
)
def test_what_cannot_be_demonstrated_is_refused(
    answers: dict[str, str], shots: int, words: str, tmp_path: Path
) -> None:
    lines = [line("A", "A", answers), line("B", "B", answers)]
    with pytest.raises(InputError, match=words):
        load_task(written(tmp_path, lines), TaskOptions(shots=shots))
