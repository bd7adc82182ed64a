"""Instructions around an example: in English for every language, as in the paper, or in the prompt's language."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from neurontui.compute.tasks.languages import joiner
from neurontui.compute.tasks.text import listed, shown
from neurontui.store.errors import InputError


@dataclass(frozen=True)
class Wrapper:
    """The instructions in one language."""

    language: str
    xnli: str
    labels: tuple[str, str, str]
    """Words for entailment, neutral, contradiction: the labels 0, 1, 2 of XNLI."""
    question: str

    def entailment_question(self, premise: str, hypothesis: str) -> str:
        """The XNLI prompt of appendix A.3."""
        return self.xnli.format(premise=premise, hypothesis=hypothesis)

    def ask(self, question: str) -> str:
        """'Question: … Answer:'."""
        return self.question.format(question=question)

    def with_answer(self, question: str, answer: str) -> str:
        """'Question: … Answer: …'; the space follows the wrapper's language, not the answer's."""
        return self.ask(question) + joiner(self.language) + answer


def wrappers(languages: Iterable[str], native: bool) -> dict[str, Wrapper]:
    """The wrapper of each language; raises InputError if a native wrapper is requested and does not exist."""
    all_wrappers = _wrappers()
    if not native:
        return dict.fromkeys(languages, all_wrappers["en"])
    missing = [code for code in languages if code not in all_wrappers]
    if missing:
        raise InputError(
            f"There is no native wrapper for {listed(map(shown, missing))}, only for {listed(all_wrappers)}; "
            "leave out these languages, or use the English wrapper."
        )
    return {code: all_wrappers[code] for code in languages}


@cache
def _wrappers() -> dict[str, Wrapper]:
    text = files("neurontui.compute.tasks").joinpath("wrappers.toml").read_text("utf-8")
    return {
        code: Wrapper(code, entry["xnli"], tuple(entry["labels"]), entry["question"])
        for code, entry in tomllib.loads(text).items()
    }
