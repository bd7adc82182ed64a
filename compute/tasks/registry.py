"""The tasks: what each is called, where its data comes from, and how its examples are loaded.

Completion, help and the checks of options follow from `all_tasks`: those of the paper (`TASKS`), and published data
sets that a mapping describes. A new task needs a mapping in `mapped/shipped/`, or a loader and a record here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from neurontui.compute.tasks.corpus.corpus import TASK as CORPUS
from neurontui.compute.tasks.corpus.corpus import Corpus, open_corpus
from neurontui.compute.tasks.corpus.texts import has_texts
from neurontui.compute.tasks.demonstrations import with_demonstrations
from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.fact.load import load_fact
from neurontui.compute.tasks.knowledge_editing.load import load_all_en, load_en_all
from neurontui.compute.tasks.languages import PAPER_LANGUAGES, in_paper_order, unknown_language_notes
from neurontui.compute.tasks.mapped.load import load_mapped
from neurontui.compute.tasks.mapped.mapping import TaskMapping
from neurontui.compute.tasks.mapped.shipped import loader, shipped_mappings, shipped_names
from neurontui.compute.tasks.selection import check_asked, first_examples, require_sound_texts
from neurontui.compute.tasks.task_file.formats.reader import ENDINGS
from neurontui.compute.tasks.task_file.reader import load_task_file
from neurontui.compute.tasks.text import listed, shown
from neurontui.compute.tasks.xnli.load import load_xnli
from neurontui.store.errors import InputError, UsageError

MAPPING = ".toml"
"""File name suffix of a mapping."""


@dataclass(frozen=True)
class Task:
    """One built-in task."""

    name: str
    description: str
    """One line, for help and completion."""
    load: Callable[[TaskOptions], TaskData]
    source: str
    """Where its data comes from: a data set on the hub, or what to download and pass as --data."""
    needs_data: bool = False
    """The data is not on a hub, so --data is required."""
    has_shots: bool = False
    """Demonstrations can be put before each prompt (--shots)."""
    has_wrapper: bool = False
    """Its prompts have an instruction that can be in English or in the prompt's language (--native-wrapper)."""
    languages: tuple[str, ...] = ()
    """Short codes of the languages of the published data."""
    examples: int | None = None
    """Number of examples of the published data; None: it depends on the languages, or is not known."""


def load_corpus(options: TaskOptions) -> Corpus:
    """The texts of the task corpus: of a folder or file, or the prompts of the task that `options.data` names."""

    def of_task(name: str) -> TaskData | None:
        return load_task(name, replace(options, data=None, shots=0)) if _is_task(name) else None

    return open_corpus(options, of_task)


def _is_task(name: str) -> bool:
    """Whether the data of a corpus is a task, or the file of one."""
    path = Path(name)
    if path.is_dir() or name == CORPUS:
        return False
    if path.suffix.lower() in ENDINGS and path.is_file():
        return not has_texts(path)
    return path.suffix.lower() == MAPPING or find_task(name) is not None


def _sample_of_corpus(options: TaskOptions) -> TaskData:
    return load_corpus(options).sample()


_MZSRE = (
    "MzsRE is on no hub: download the folder data/MzsRE (and, for --shots, the files "
    "data/zsre_mend_train_*_10000.txt) of github.com/weixuan-wang123/ReMaKE and pass it as --data."
)

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            name="xnli",
            description="Natural language inference: does a hypothesis follow from a premise?",
            load=load_xnli,
            source="facebook/xnli on the Hugging Face hub",
            has_wrapper=True,
            languages=("en", "de", "es", "fr", "ru", "th", "tr", "vi", "zh", "ar", "bg", "el", "hi", "sw", "ur"),
            examples=5010,
        ),
        Task(
            name="fact",
            description="Fact probing: the capital of a country or region",
            load=load_fact,
            source=(
                "The facts of mParaRel are on no hub: download the folder data/mpararel_reviewed of "
                "github.com/coastalcph/mpararel and pass it as --data."
            ),
            needs_data=True,
            languages=PAPER_LANGUAGES,
        ),
        Task(
            name="ke-en-all",
            description="Knowledge editing: edit in English, question in each language",
            load=load_en_all,
            source=_MZSRE,
            needs_data=True,
            has_shots=True,
            has_wrapper=True,
            languages=PAPER_LANGUAGES,
            examples=743,
        ),
        Task(
            name="ke-all-en",
            description="Knowledge editing: edit in each language, question in English",
            load=load_all_en,
            source=_MZSRE,
            needs_data=True,
            has_shots=True,
            has_wrapper=True,
            languages=PAPER_LANGUAGES,
            examples=743,
        ),
        Task(
            name=CORPUS,
            description="Plain texts, which need not be parallel: the activity of every neuron over all their tokens",
            load=_sample_of_corpus,
            source="Your own texts: pass --data with a folder of files such as de.txt, or the name of another task.",
            needs_data=True,
        ),
    )
}


def all_tasks() -> dict[str, Task]:
    """The tasks of the paper, and those of shipped mappings, by name."""
    return {**TASKS, **_mapped_tasks()}


def find_task(name: str) -> Task | None:
    """A task by its name, or None. Mappings are read only if one has that name, which saves time."""
    return TASKS.get(name) or (_mapped_tasks().get(name) if name in shipped_names() else None)


@cache
def _mapped_tasks() -> dict[str, Task]:
    return {name: _mapped_task(mapping) for name, mapping in shipped_mappings().items()}


def _mapped_task(mapping: TaskMapping) -> Task:
    hub = mapping.data.hub
    return Task(
        name=mapping.name,
        description=mapping.description,
        load=loader(mapping.name),
        source=f"{hub} on the Hugging Face hub" if hub else f"{mapping.data.download} and pass it as --data.",
        needs_data=hub is None,
        has_shots=True,
        languages=in_paper_order(mapping.data.languages.values()),
        examples=mapping.examples,
    )


def load_task(name: str, options: TaskOptions) -> TaskData:
    """The examples of a task: a name in `all_tasks`, or the path of a task file or of a mapping (.toml).

    Every example has a prompt in each of the result's languages; examples that lack one are left out and counted in
    the notes. Raises UsageError for options that do not fit, InputError for data that cannot be used, and
    MissingExtraError if a download needs an extra that is not installed.
    """
    task = find_task(name)
    _check(name, task, options)
    data = _from_file(name, options) if task is None else _from_task(task, options)
    data = replace(data, notes=(*data.notes, *unknown_language_notes(_codes(data))))
    data = first_examples(data, options.limit)
    require_sound_texts(data)
    return data


def _codes(data: TaskData) -> dict[str, None]:
    """The languages of prompts and of answers."""
    answered = (example.answer_language for example in data.examples if example.answer_language)
    return dict.fromkeys((*data.languages, *answered))


def _from_task(task: Task, options: TaskOptions) -> TaskData:
    data = task.load(options)
    return data if task.name in TASKS else with_demonstrations(data, options.shots)


def _from_file(name: str, options: TaskOptions) -> TaskData:
    path = Path(name)
    if path.suffix.lower() == MAPPING:
        return with_demonstrations(load_mapped(path, options), options.shots)
    if path.suffix.lower() not in ENDINGS and not path.exists():
        close = get_close_matches(name, all_tasks(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose one of {listed(all_tasks())}, or a .jsonl file."
        raise UsageError(f"'{shown(name)}' is not a task: {hint}")
    if options.data is not None:
        raise UsageError(
            f"--data applies only to {_names(TASKS.values())}, and to mapped data sets; pass a task file as --task."
        )
    return with_demonstrations(load_task_file(path, options), options.shots)


def _check(name: str, task: Task | None, options: TaskOptions) -> None:
    check_asked(options.languages)
    if options.limit is not None and options.limit < 1:
        raise UsageError("--limit must be at least 1.")
    if options.shots < 0:
        raise UsageError("--shots must be 0 or more.")
    if options.shots and task and not task.has_shots:
        shots = _names(t for t in TASKS.values() if t.has_shots)
        raise UsageError(f"--shots applies only to {shots}, and to task files and mapped data sets.")
    if options.native_wrapper and not (task and task.has_wrapper):
        wrapped = _names(t for t in TASKS.values() if t.has_wrapper)
        raise UsageError(f"'{shown(name)}' has no wrapper to translate; --native-wrapper applies only to {wrapped}.")
    if task and task.needs_data and options.data is None:
        raise InputError(task.source)


def _names(tasks: Iterable[Task]) -> str:
    *names, last = (task.name for task in tasks)
    return f"{listed(names)} and {last}" if names else last
