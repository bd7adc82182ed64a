"""Which texts are measured together. It depends only on the corpus and the model, so all engines cut alike."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from neurontui.compute.tasks.corpus.corpus import Corpus

_SECONDS = 300.0
"""Intended duration of a batch: the work that an interruption can lose."""
HALVES = (0, 1)


@dataclass(frozen=True)
class Part:
    """Texts `first` to `first + n - 1` of one language, all in the same half of its texts."""

    number: int
    """0-based, through all languages."""
    language: str
    half: int
    first: int
    n: int


@dataclass(frozen=True)
class CorpusBatch:
    """A part with its texts."""

    part: Part
    texts: tuple[str, ...]

    @property
    def number(self) -> int:
        """Number of the batch in the journal."""
        return self.part.number


def texts_a_batch(seconds_a_text: float) -> int:
    """Texts that take about five minutes."""
    return max(1, int(_SECONDS / max(seconds_a_text, 1e-9)))


def half_of(n_texts: int, half: int) -> tuple[int, int]:
    """First text of a half, and the text after its last. The first half has the odd text."""
    middle = (n_texts + 1) // 2
    return (0, middle) if half == 0 else (middle, n_texts)


def plan(corpus: Corpus, size: int) -> list[Part]:
    """Cut the texts of each half of each language into parts of at most `size` texts, in order."""
    parts: list[Part] = []
    for language in corpus.languages:
        for half in HALVES:
            start, end = half_of(corpus.n_texts[language], half)
            for first in range(start, end, size):
                parts.append(Part(len(parts), language, half, first, min(size, end - first)))
    return parts


def read(corpus: Corpus, parts: Iterable[Part]) -> Iterator[CorpusBatch]:
    """The parts with their texts, one after the other; each language is read once from its beginning."""
    language, position = "", 0
    texts: Iterator[str] = iter(())
    for part in parts:
        if part.language != language or part.first < position:
            language, position, texts = part.language, 0, corpus.texts(part.language)
        chosen = tuple(islice(texts, part.first - position, part.first - position + part.n))
        position = part.first + part.n
        yield CorpusBatch(part, chosen)
