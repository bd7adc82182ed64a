"""What the weights of a set of neurons are replaced by: the values of `--ablation-value`. Uses no tensors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neurontui.store.errors import UsageError
from neurontui.store.languages.tags import short_code

ZERO = "0"
_PLAIN = {"0": ZERO, "zero": ZERO, "mean": "mean", "resample": "resample"}
_OF_LANGUAGE, _WITH_NUMBER = ("patch", "mean-of"), ("scale", "add")
CHOICES = "zero, mean, resample, patch:LANG, scale:K, add:K or mean-of:LANG"
SURVEYED = frozenset({"mean", "mean-of", "add"})
"""Values that depend on all examples of the run."""
FROM_PROMPTS = frozenset({"resample", "patch"})
"""Values that are weights of another prompt."""
_OF_EXPERTS = frozenset({ZERO, "scale"})
"""Values of a neuron of an expert: it has no weight at tokens that are routed elsewhere."""

_KINDS = "the first token of a prompt, its last token with those of the answer, and the tokens between"
NOTES = {
    "mean": "At their mean: each weight is replaced by its mean over the run's prompts in the input's own language and "
    f"kind of position ({_KINDS}).",
    "mean-of": "At the mean of a language: each weight is replaced by its mean over the run's prompts in that language "
    f"and at the same kind of position ({_KINDS}).",
    "resample": "Resampled: each weight is replaced by the neuron's weight in the prompt of another example, of "
    "another cluster and in the same language: first token from first, last from last, tokens between aligned from "
    "the end.",
    "patch": "Patched: the weights of whole layers at the last prompt token are replaced by those of the same example "
    "in another language; tokens of the answer keep their weights.",
    "add": "SD: the neuron's standard deviation over the run's prompts in all languages, at their last token with "
    "--ablation-scope last, otherwise at all tokens but the first.",
}
"""Explanations for the table `notes`."""


@dataclass(frozen=True)
class Value:
    """A value: its name, and its language or number if it has one."""

    name: str
    language: str | None = None
    """Short code; of patch and mean-of."""
    number: float = 0.0
    """Of scale and add."""

    @property
    def text(self) -> str:
        """The value as it is stored in `conditions.value`: 0, mean, resample, patch:de, scale:0.5, …"""
        if self.language is not None:
            return f"{self.name}:{self.language}"
        return f"{self.name}:{self.number!r}".removesuffix(".0") if self.name in _WITH_NUMBER else self.name

    def label(self, neurons: str) -> str:
        """The label of a condition that gives this value to some neurons."""
        if self.name == ZERO:
            return f"w/o {neurons}"
        words = {
            "mean": "at their mean",
            "resample": "resampled",
            "patch": f"patched from {self.language}",
            "mean-of": f"at the mean of {self.language}",
            "scale": f"times {self.number:g}",
            "add": f"{self.number:+g} SD",
        }
        return f"{neurons} {words[self.name]}"


def parse_values(texts: Sequence[str]) -> tuple[Value, ...]:
    """The values of `--ablation-value`; raises UsageError for others and for repeated ones."""
    values = tuple(map(parse_value, texts))
    if not values:
        raise UsageError(f"--ablation-value requires at least one value: {CHOICES}.")
    for index, value in enumerate(values):
        if value in values[:index]:
            raise UsageError(f"--ablation-value has '{value.text}' twice; name each value once.")
    return values


def parse_value(text: str) -> Value:
    """One value; raises UsageError."""
    name, colon, rest = text.partition(":")
    if not colon and name in _PLAIN:
        return Value(_PLAIN[name])
    if rest and name in _OF_LANGUAGE:
        return Value(name, language=short_code(rest))
    number = _number(rest) if name in _WITH_NUMBER else None
    if number is None:
        raise UsageError(f"--ablation-value cannot be '{text[:60]}'; use {CHOICES}, with K a number.")
    return Value(name, number=number)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number + 0.0 if math.isfinite(number) else None  # 0.0 instead of -0.0


def require_data(values: Sequence[Value], languages: Sequence[str], clusters: Sequence[str]) -> None:
    """Raise UsageError for a value that does not fit the data. clusters: of the examples."""
    for value in values:
        if value.language is not None and value.language not in languages:
            raise UsageError(
                f"--ablation-value {value.text} names a language that the run does not have; its languages are "
                f"{', '.join(languages)}."
            )
        if value.name == "resample" and len(set(clusters)) < 2:
            raise UsageError(
                "--ablation-value resample takes weights from examples of another cluster, and all examples of this "
                "run are one cluster; use zero or mean, or more examples."
            )


def require_model(values: Sequence[Value], *, routed: bool) -> None:
    """Raise UsageError for a value that does not fit the model. routed: whether it has experts."""
    for value in values:
        if routed and value.name not in _OF_EXPERTS:
            raise UsageError(
                f"--ablation-value {value.text} needs the weight of a neuron at every token, but this model routes "
                "each token to some of its experts, and neurons of the others have none; use zero or scale:K."
            )


def require_scope(values: Sequence[Value], scope: str) -> None:
    """Raise UsageError if a value has no meaning at all positions."""
    for value in values:
        if value.name == "patch" and scope != "last":
            raise UsageError(
                f"--ablation-value {value.text} replaces weights by those in another language, and only the last "
                "tokens of two prompts correspond; add --ablation-scope last."
            )
