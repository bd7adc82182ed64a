"""The sentences of the three tasks, in ten languages: only text, without randomness or a model."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

LABELS = ("true", "false", "inconclusive")
NLI_FRAME = (
    "Take the following as truth:",
    " Then the following statement:",
    "' is 'true', 'false', or 'inconclusive'?",
)


@dataclass(frozen=True)
class Phrasing:
    """Prompts for a capital in one language; `seen` are used in training, `heldout` only in tests.

    words: the parts of the seen templates and the question, for the tokenizer to learn from.
    """

    seen: tuple[str, ...]
    heldout: tuple[str, ...]
    question: str
    joiner: str
    stop: str
    words: tuple[str, ...]

    def statement(self, template: str, country: str, city: str) -> str:
        """The prompt with its answer: a complete statement."""
        return template.replace("{X}", country) + self.joiner + city + self.stop

    def ask(self, country: str) -> str:
        """The question for a country's capital."""
        return self.question.replace("{X}", country)


@cache
def phrasing(language: str) -> Phrasing:
    """The phrasings of a language, from phrasings.toml."""
    text = Path(__file__).with_name("phrasings.toml").read_text("utf-8")
    entry = tomllib.loads(text)[language]
    marked = [*entry["seen"], entry["question"]]
    return Phrasing(
        seen=tuple(template.replace("|", "") for template in entry["seen"]),
        heldout=tuple(template.replace("|", "") for template in entry["heldout"]),
        question=entry["question"].replace("|", ""),
        joiner=entry["joiner"],
        stop=entry["stop"],
        words=tuple(w for template in marked for w in re.split(r"\||\{X\}", template) if w),
    )


def nli_prompt(premise: str, hypothesis: str) -> str:
    """The English wrapper, which all languages use."""
    opening, middle, closing = NLI_FRAME
    return f"{opening} {premise}{middle} '{hypothesis}{closing}"


def edit_prompt(context: str, question: str) -> str:
    """A question after a context that overrides the model's knowledge."""
    return f"{context} Question: {question} Answer:"


def edit_context(question: str, answer: str) -> str:
    """The edit, as a question with its answer."""
    return f"Question: {question} Answer: {answer}"
