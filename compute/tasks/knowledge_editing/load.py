"""Cross-lingual knowledge editing: an edit in the context, in one language; the question in another.

The prompt is `{demonstrations}{context} Question: {question} Answer:`, the context
`Question: {edit} Answer: {edited answer}`. In en-all the context is English and the question in the
example's language; in all-en it is the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neurontui.compute.tasks.example import Example, TaskData, TaskOptions
from neurontui.compute.tasks.knowledge_editing.mzsre import Edit, Edits, read_demonstrations, read_edits
from neurontui.compute.tasks.languages import joiner
from neurontui.compute.tasks.selection import choose_languages
from neurontui.compute.tasks.text import counted, listed
from neurontui.compute.tasks.wrappers import Wrapper, wrappers
from neurontui.store.errors import InputError


@dataclass(frozen=True)
class _Direction:
    """The languages of the edit and of the question, for one language of the run."""

    edit: str
    question: str
    edit_wrapper: Wrapper
    question_wrapper: Wrapper

    def prompt(self, edits: Edits) -> str:
        """'Question: … Answer: … Question: … Answer:'."""
        edit = edits[self.edit]
        context = self.edit_wrapper.with_answer(edit.question, edit.answer)
        return f"{context} {self.question_wrapper.ask(edits[self.question].question)}"

    def demonstration(self, edits: Edits) -> str:
        """A prompt with its answer, joined in the same way as the answer to predict."""
        return f"{self.prompt(edits)}{joiner(self.question)}{edits[self.question].answer}\n\n"


def load_en_all(options: TaskOptions) -> TaskData:
    """EN (edit) → ALL (test)."""
    return _load(options, "en-all")


def load_all_en(options: TaskOptions) -> TaskData:
    """ALL (edit) → EN (test): question and answer are English in every language's prompt."""
    return _load(options, "all-en")


def _load(options: TaskOptions, setting: str) -> TaskData:
    assert options.data is not None
    items = read_edits(options.data)
    available = dict.fromkeys(code for item in items for code in item)
    languages = choose_languages(available, options.languages, "MzsRE")
    whole = [number for number, item in enumerate(items) if all(code in item for code in languages)]
    directions = _directions(languages, setting, options.native_wrapper)
    shots = _shots(options.data, options.shots, languages)
    openings = {code: "".join(directions[code].demonstration(shot) for shot in shots) for code in languages}
    examples = tuple(_example(number, items[number], directions, openings) for number in whole)
    notes = _notes(items, languages, len(whole), len(shots))
    return TaskData("ke", setting, options.shots, languages, examples, notes)


def _directions(languages: tuple[str, ...], setting: str, native: bool) -> dict[str, _Direction]:
    words = wrappers(dict.fromkeys(("en", *languages)), native)
    pairs = {code: ("en", code) if setting == "en-all" else (code, "en") for code in languages}
    return {code: _Direction(edited, asked, words[edited], words[asked]) for code, (edited, asked) in pairs.items()}


def _example(number: int, item: Edits, directions: dict[str, _Direction], openings: dict[str, str]) -> Example:
    asked = {direction.question for direction in directions.values()}
    return Example(
        id=str(number + 1),
        cluster=str(number + 1),
        prompts={code: openings[code] + direction.prompt(item) for code, direction in directions.items()},
        answers={code: item[direction.question].answer for code, direction in directions.items()},
        spans={code: span for code, direction in directions.items() if (span := _span(item[direction.question]))},
        answer_language="en" if asked == {"en"} else None,
    )


def _span(edit: Edit) -> str | None:
    """The subject, if the question contains it: the edit before the question may name it in another language."""
    return edit.subject if edit.subject and edit.subject in edit.question else None


def _shots(data: Path, n: int, languages: tuple[str, ...]) -> list[Edits]:
    """The first n training lines that are complete in English and every language of the run."""
    if n == 0:
        return []
    lines = read_demonstrations(data)
    needed = dict.fromkeys(("en", *languages))
    complete = [line for line in lines if all(code in line for code in needed)]
    if len(complete) < n:
        raise InputError(
            f"--shots {n} needs {counted(n, 'training line')} in {listed(needed)}, but "
            f"only {len(complete)} were found; put ReMaKE's zsre_mend_train_<language>_*.txt in the folder of the data."
        )
    return complete[:n]


def _notes(items: Sequence[Edits], languages: tuple[str, ...], kept: int, n_shots: int) -> tuple[str, ...]:
    notes = [f"Read {counted(len(items), 'edit')} of MzsRE."]
    if dropped := len(items) - kept:
        lacking = {code: sum(code not in item for item in items) for code in languages}
        by_language = listed(f"{code} {n:,}" for code, n in lacking.items() if n)
        notes.append(f"Left out {counted(dropped, 'edit')} that lack a language ({by_language}).")
    if n_shots:
        notes.append(
            f"Demonstrations before each prompt: {n_shots}, the first lines of ReMaKE's training lists "
            "that are complete in every language of the run."
        )
    return tuple(notes)
