"""The data of a task: examples with the same meaning in several languages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neurontui.compute.tasks.languages import joiner


@dataclass(frozen=True)
class Example:
    """One example in P languages. `answers` and `choices` may lack languages, or be empty."""

    id: str
    cluster: str
    """Examples of one cluster share their source (a premise, a tuple) and are not independent."""
    prompts: Mapping[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answer_language: str | None = None
    """Language of all answers and choices if it is not that of the prompt, as in ke-all-en."""
    spans: Mapping[str, str] = field(default_factory=dict)
    """The subject of each prompt as it is written there, for `--token subject`; may lack languages, or be empty."""

    def joiner(self, code: str) -> str:
        """The text between the prompt of language `code` and its answer: '' or ' '."""
        return joiner(self.answer_language or code)


@dataclass(frozen=True)
class TaskData:
    """The examples of one task setting, all with a prompt in each of `languages`, and notes."""

    task: str
    setting: str | None
    n_shots: int
    languages: tuple[str, ...]
    examples: tuple[Example, ...]
    notes: tuple[str, ...] = ()
    """Sentences about the numbers of examples that were read, aligned and left out, with reasons."""


@dataclass(frozen=True)
class TaskOptions:
    """How to load a task."""

    data: Path | None = None
    """Folder or file with the data; None: download it from the hub."""
    languages: tuple[str, ...] | None = None
    limit: int | None = None
    shots: int = 0
    native_wrapper: bool = False
    """Instructions in the prompt's language instead of English."""
