"""The instructions around an example: English ones in every language, as the authors did, or native ones."""

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
    """The words around examples in one language."""

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

    def tell(self, question: str, answer: str) -> str:
        """'Question: … Answer: …'; the space follows the wrapper's language, not the answer's."""
        return self.ask(question) + joiner(self.language) + answer


def wrappers(languages: Iterable[str], native: bool) -> dict[str, Wrapper]:
    """The wrapper of each language; raises InputError where a native one is asked for and we have none."""
    known = _wrappers()
    if not native:
        return dict.fromkeys(languages, known["en"])
    missing = [code for code in languages if code not in known]
    if missing:
        raise InputError(
            f"There is no native wrapper for {listed(map(shown, missing))}, only for {listed(known)}; "
            "leave these languages out, or use the English wrapper."
        )
    return {code: known[code] for code in languages}


@cache
def _wrappers() -> dict[str, Wrapper]:
    text = files("neurontui.compute.tasks").joinpath("wrappers.toml").read_text("utf-8")
    return {
        code: Wrapper(code, each["xnli"], tuple(each["labels"]), each["question"])
        for code, each in tomllib.loads(text).items()
    }
