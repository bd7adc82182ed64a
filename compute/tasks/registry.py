"""From the name of a task to its examples. Knows which tasks there are, nothing about their files."""

from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.fact.load import load_fact
from neurontui.compute.tasks.knowledge_editing.load import load_all_en, load_en_all
from neurontui.compute.tasks.languages import unknown_language_notes
from neurontui.compute.tasks.selection import check_asked, first_examples, require_sound_texts
from neurontui.compute.tasks.task_file.formats.reader import ENDINGS
from neurontui.compute.tasks.task_file.reader import load_task_file
from neurontui.compute.tasks.text import listed, shown
from neurontui.compute.tasks.xnli.load import load_xnli
from neurontui.store.errors import UsageError

TASKS: dict[str, Callable[[TaskOptions], TaskData]] = {
    "xnli": load_xnli,
    "fact": load_fact,
    "ke-en-all": load_en_all,
    "ke-all-en": load_all_en,
}

_WITH_SHOTS = ("ke-en-all", "ke-all-en")
_WITH_WRAPPER = ("xnli", "ke-en-all", "ke-all-en")


def load_task(task: str, options: TaskOptions) -> TaskData:
    """The examples of a task: xnli, fact, ke-en-all, ke-all-en, or the path of a task file.

    Every example has a prompt in each of the result's languages; those that lack one are left out and
    counted in the notes. Raises UsageError for options that do not fit, InputError for data that
    cannot be used, MissingExtraError where a download needs a part that is not installed.
    """
    _check(task, options)
    data = TASKS[task](options) if task in TASKS else _from_file(task, options)
    data = replace(data, notes=(*data.notes, *unknown_language_notes(_codes(data))))
    data = first_examples(data, options.limit)
    require_sound_texts(data)
    return data


def _codes(data: TaskData) -> dict[str, None]:
    """The languages of prompts and of answers."""
    answered = (each.answer_language for each in data.examples if each.answer_language)
    return dict.fromkeys((*data.languages, *answered))


def _from_file(task: str, options: TaskOptions) -> TaskData:
    path = Path(task)
    if path.suffix.lower() not in ENDINGS and not path.exists():
        close = get_close_matches(task, TASKS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {listed(TASKS)}, or a .jsonl file."
        raise UsageError(f"'{shown(task)}' is no task: {hint}")
    if options.data is not None:
        raise UsageError("--data goes with xnli, fact and ke; a task file is named by --task alone.")
    return load_task_file(path, options)


def _check(task: str, options: TaskOptions) -> None:
    check_asked(options.languages)
    if options.limit is not None and options.limit < 1:
        raise UsageError("--limit must be at least 1.")
    if options.shots < 0:
        raise UsageError("--shots must be 0 or more.")
    if options.shots and task not in _WITH_SHOTS:
        raise UsageError(f"--shots goes with {' and '.join(_WITH_SHOTS)} alone.")
    if options.native_wrapper and task not in _WITH_WRAPPER:
        raise UsageError(f"'{shown(task)}' has no wrapper to translate; leave the native wrapper out.")
