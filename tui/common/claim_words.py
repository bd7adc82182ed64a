"""The paper's claims in short words: a title for a table, and a question that a verdict answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neurontui.tui.common.significant import decimals, figures

Row = Mapping[str, Any]
"""A row of the query `claims`."""

UNDECIDED = "Undecided"
SHORT = 52
"""Characters of the longest short sentence."""


@dataclass(frozen=True)
class ClaimWords:
    """Words for one claim."""

    title: str
    """At most 28 characters."""
    short: str
    """A sentence of at most `SHORT` characters."""
    question: str
    measure: str
    """What the number is, after its unit."""
    yes: str = "supported"
    """The verdict that answers the question with yes."""


WORDS = {
    "non-activated-prevail": ClaimWords(
        "non-activated most frequent",
        "Non-activated is the most frequent type.",
        "Is non-activated the most frequent type?",
        "ahead of the next type",
    ),
    "task-matters": ClaimWords(
        "sharing depends on the task",
        "How neurons are shared depends on the task.",
        "Does sharing depend on the task?",
        "of all-shared neurons",
    ),
    "types-vary": ClaimWords(
        "types change with the input",
        "Almost no neuron has the same type in all examples.",
        "Do neurons change type between examples?",
        "keep theirs",
    ),
    "non-activated-vary": ClaimWords(
        "inactive ones change too",
        "Few non-activated ones are inactive in all examples.",
        "Are other neurons inactive in other examples?",
        "stay inactive",
    ),
    "few-silent": ClaimWords(
        "few silent at every token",
        "Few non-activated ones are inactive at every token.",
        "Is nearly every neuron active at some token?",
        "of the non-activated are not",
    ),
    "relatives-share-no-more": ClaimWords(
        "relatives share no more",
        "Related languages share no more neurons than others.",
        "Do related languages share more neurons?",
        "more",
        yes="contradicted",
    ),
    "more-languages-share": ClaimWords(
        "more languages, more partial",
        "More languages have more partial-shared neurons.",
        "Do more languages give more partial-shared neurons?",
        "more",
    ),
    "all-shared-contribute-most": ClaimWords(
        "all-shared top contributors",
        "All-shared is most frequent among top contributors.",
        "Are most top contributors all-shared?",
        "ahead of the next type",
    ),
    "partial-shared-second": ClaimWords(
        "partial second contributors",
        "Partial-shared is second among top contributors.",
        "Is partial-shared second among top contributors?",
        "ahead of the next type",
    ),
    "all-shared-highest-average": ClaimWords(
        "all-shared highest average",
        "All-shared neurons contribute most on average.",
        "Do all-shared neurons contribute most on average?",
        "the next type",
    ),
    "all-shared-extremes": ClaimWords(
        "all-shared extreme effects",
        "All-shared has the extreme effective scores.",
        "Do all-shared neurons have the extreme effective scores?",
        "beyond the next type",
    ),
    "upper-layers-matter": ClaimWords(
        "upper layers matter more",
        "Upper layers matter more for the answer.",
        "Do upper layers matter more for the answer?",
        "more than lower layers",
    ),
    "all-shared-ablation-worst": ClaimWords(
        "worst without all-shared",
        "Ablating all-shared neurons reduces accuracy most.",
        "Does ablating all-shared neurons harm accuracy most?",
        "more than the next type",
    ),
    "all-shared-beyond-control": ClaimWords(
        "all-shared beyond control",
        "Ablating all-shared does more harm than its control.",
        "Does ablating all-shared neurons harm answers more than ablating others?",
        "of log-probability",
    ),
    "random-harmless": ClaimWords(
        "random ablation harmless",
        "Ablating up to 25 % at random does little harm.",
        "Is ablating 25 % at random harmless?",
        "of accuracy lost",
    ),
    "encoder-shares-more": ClaimWords(
        "encoder shares more",
        "The encoder has more all-shared than the decoder.",
        "Does the encoder share more than the decoder?",
        "more",
    ),
}
IMPORTANCE = (
    "all-shared-beyond-control", "relatives-share-no-more", "task-matters", "all-shared-contribute-most", "few-silent",
    "types-vary", "non-activated-prevail",
)  # fmt: skip
"""Claims that are summarized first."""

_PLACES = {"points": 1, "%": 1, "phi": 3, "logits": 4, "nats": 3}
"""Decimals by unit. Ratios have significant digits instead: the interval of a ratio from two clusters is huge."""
_SIGNED = ("points", "phi", "logits", "nats")


def title(claim: str) -> str:
    """A few words for a column; of a user's own claim its identifier."""
    words = WORDS.get(claim)
    return claim.replace("-", " ") if words is None else words.title


def wording(row: Row, room: int) -> str:
    """The claim in `room` characters: its sentence or a shorter one, or a title where short sentences do not fit."""
    words = WORDS.get(row["claim"])
    sentences = [str(row["says"]), *([] if words is None else [words.short])] if room >= SHORT else []
    return next((sentence for sentence in sentences if len(sentence) <= room), title(row["claim"]))


def question_of(row: Row) -> str:
    """The claim as a question; a user's own claim is given as it is."""
    words = WORDS.get(row["claim"])
    return str(row["says"]) if words is None else words.question


def answer_of(row: Row) -> str:
    """Yes, No or Undecided: the answer to `question_of`."""
    words = WORDS.get(row["claim"])
    if row["verdict"] not in ("supported", "contradicted"):
        return UNDECIDED
    return "Yes" if row["verdict"] == ("supported" if words is None else words.yes) else "No"


def measured(row: Row) -> bool:
    """Whether the run has what the claim needs."""
    return row["estimate"] is not None


def number_of(row: Row) -> str:
    """The number that decides the claim with its 99.8 % interval and unit; empty if the run lacks a measure."""
    if not measured(row):
        return ""
    places, sign, ratio = _PLACES.get(row["unit"], 3), row["unit"] in _SIGNED, row["unit"] == "times"

    def text(value: float) -> str:
        return ("+" if sign and value > 0 else "") + (figures(value) if ratio else decimals(value, places))

    ends = "" if row["low"] is None else f" ({text(row['low'])} to {text(row['high'])})"
    return f"{text(row['estimate'])}{ends} {row['unit']}"


def summary(rows: Sequence[Row], n: int = 3) -> list[str]:
    """The n most important claims, those that are decided first, each a question, its answer and its number."""
    place = {claim: index for index, claim in enumerate(IMPORTANCE)}

    def order(row: Row) -> tuple[bool, bool, int]:
        return answer_of(row) == UNDECIDED, not measured(row), place.get(row["claim"], len(place))

    return [_sentence(row) for row in sorted(rows, key=order)[:n]]


def _sentence(row: Row) -> str:
    words = WORDS.get(row["claim"])
    number = f"{number_of(row)} {words.measure if words else ''}".rstrip() if measured(row) else "not measured"
    return f"{question_of(row)} {answer_of(row)}: {number}."
