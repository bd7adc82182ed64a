"""Names of tasks, and options that do not fit them."""

from pathlib import Path

import pytest

from neurontui.compute.tasks import registry
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.mapped.shipped import shipped_mappings, shipped_names
from neurontui.compute.tasks.registry import TASKS, all_tasks, load_task
from neurontui.store.errors import InputError, UsageError
from tests.tui.cli.command_line import neurontui


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("xnil", "'xnil' is not a task: did you mean xnli?"),
        ("ke", "choose one of xnli, fact, ke-en-all, ke-all-en, corpus, belebele"),
        ("belebel", "'belebel' is not a task: did you mean belebele?"),
        ("translation", "paws-x, xcopa, or a .jsonl file"),
        ("\x1b[2J", "is not a task"),
    ],
)
def test_an_unknown_task_is_reported(task: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_task(task, TaskOptions())
    assert words in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        ("xnli", TaskOptions(limit=0), "--limit must be at least 1"),
        ("xnli", TaskOptions(shots=2), "--shots applies only to ke-en-all and ke-all-en, and to task files"),
        ("ke-en-all", TaskOptions(shots=-1), "--shots must be 0 or more"),
        ("fact", TaskOptions(native_wrapper=True), "'fact' has no wrapper to translate"),
        ("xnli", TaskOptions(languages=()), "--languages is empty"),
        ("xnli", TaskOptions(languages=("en", "")), "--languages is empty"),
        ("xnli", TaskOptions(languages=("en", "de", "en")), "--languages names en twice"),
    ],
)
def test_options_that_do_not_fit_are_reported(task: str, options: TaskOptions, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        load_task(task, options)


def test_a_folder_with_far_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from neurontui.compute.tasks import data_files as sources

    monkeypatch.setattr(sources, "_MAX_FILES", 3)
    for number in range(5):
        (tmp_path / str(number)).touch()
    with pytest.raises(InputError, match="more than 3 files; use the data set's own folder"):
        load_task("fact", TaskOptions(data=tmp_path))


def test_completion_and_help_follow_from_the_registry() -> None:
    from neurontui.tui.cli.tab_completion import tasks

    offered = tasks(None, None, "")  # type: ignore[arg-type]
    assert {item.value: item.help for item in offered} == {task.name: task.description for task in all_tasks().values()}
    assert [item.value for item in tasks(None, None, "ke-a")] == ["ke-all-en"]  # type: ignore[arg-type]
    assert all(name in neurontui("run", "--help").out for name in TASKS)


@pytest.mark.parametrize("task", all_tasks().values(), ids=all_tasks())
def test_a_task_describes_itself_and_says_where_its_data_is(task) -> None:
    assert task.description
    assert "\n" not in task.description
    if task.needs_data:
        with pytest.raises(InputError, match="--data"):
            load_task(task.name, TaskOptions())
    else:
        assert "hub" in task.source


def test_only_the_name_of_a_mapping_reads_the_mappings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_mapped_tasks", lambda: pytest.fail("read"))
    assert registry.find_task("xnli") is registry.TASKS["xnli"]
    assert registry.find_task("mine.jsonl") is None
    monkeypatch.undo()
    assert {name for name in shipped_names() if registry.find_task(name)} == set(shipped_mappings())
