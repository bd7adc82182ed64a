"""XNLI as parallel rows, independent of the file layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurontui.compute.tasks.text import shown
from neurontui.store.errors import InputError

LABELS = ("entailment", "neutral", "contradiction")

Pair = tuple[str, str]
"""Premise and hypothesis."""

LabelledPair = tuple[Pair | None, int | None]


@dataclass(frozen=True)
class XnliTable:
    """Rows in every language: row i has the same meaning in all of them."""

    columns: Mapping[str, Sequence[Pair | None]]
    """Language to rows; None if a language lacks the row."""
    labels: Sequence[int | None]
    """0 entailment, 1 neutral, 2 contradiction; None if the files have no labels."""
    source: str
    """Description of the files, for a note."""


def read_label(value: object, where: str) -> int:
    """A label as number or word; raises InputError for anything else."""
    if isinstance(value, str):
        word = value.strip()
        value = LABELS.index(word) if word in LABELS else float(word) if word.isdecimal() else word
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value in (0, 1, 2):
        return int(value)
    raise InputError(f"{where} has the label {shown(repr(value))}; there are 0 entailment, 1 neutral, 2 contradiction.")


def read_pair(premise: str, hypothesis: str) -> Pair | None:
    """Premise and hypothesis without surrounding white space; None if one is empty."""
    pair = premise.strip(), hypothesis.strip()
    return pair if all(pair) else None


def parallel(columns: dict[str, list[LabelledPair]], source: str) -> XnliTable:
    """Join files that are parallel row by row; raises InputError if lengths or labels differ."""
    first, rows = next(iter(columns.items()))
    labels = [label for _, label in rows]
    for code, others in columns.items():
        if len(others) != len(rows):
            raise InputError(f"{source} are not parallel: {len(rows):,} rows in {first}, {len(others):,} in {code}.")
        for number, (_, label) in enumerate(others):
            if label != labels[number]:
                raise InputError(
                    f"{source} are not parallel: row {number + 1} has another label in {code} than in {first}."
                )
    return XnliTable({code: [pair for pair, _ in pairs] for code, pairs in columns.items()}, labels, source)


def same_text(one: Pair | None, other: Pair | None) -> bool:
    """Whether two pairs are equal apart from white space, in which editions differ."""
    return _squeezed(one) == _squeezed(other)


def _squeezed(pair: Pair | None) -> list[str]:
    return ["".join(text.split()) for text in pair or ()]
