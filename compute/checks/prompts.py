"""Check all prompts of a run as tokens, before its first forward pass.

Examples are checked by the functions that the measurement itself uses (`unusable_prompts`, `unanswerable`), so an
example that passes here is not refused later. BOS and unknown tokens are counted only here.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from neurontui.compute.answers.predict import AnswerOptions, unanswerable
from neurontui.compute.answers.targets import AnswerBook, find_targets
from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.bos import declines_bos, lacks_bos, reason_for_bos, repeats_bos
from neurontui.compute.models.prompts.tokenize import Encoded, InvalidExample, encode_prompts, unusable_prompts
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.tasks.example import TaskData
from neurontui.store.errors import InputError, MeasureError

_CHUNK = 256
"""Examples that are tokenized together."""
_TOKENS_A_BYTE = 16
"""An upper bound of tokens per byte: by it, most answers are known to fit without being tokenized."""


@dataclass(frozen=True)
class PromptReport:
    """Result of the check of all prompts; sent between machines."""

    n_examples: int
    n_unusable: int
    """Examples that cannot be measured."""
    first_unusable: str | None
    """The reason for the first of them, in one sentence."""
    refusals: tuple[str, ...]
    """Reasons why the run must not start unless `bos` is set, one sentence each."""
    notes: tuple[str, ...]
    """Notes for readers of the run, one sentence each."""
    n_tokens: int = 0
    """Of all prompts."""

    @property
    def invalid(self) -> str | None:
        """One sentence about the examples that cannot be measured; None if there are none."""
        if self.first_unusable is None:
            return None
        return (
            f"{self.n_unusable:,} of {self.n_examples:,} examples cannot be measured (--skip-bad leaves them out); "
            f"the first: {self.first_unusable}"
        )


def require_readable(report: PromptReport, *, skip_bad: bool) -> None:
    """Raise InputError for a missing or doubled BOS and, without skip_bad, for examples that cannot be measured.

    Raises MeasureError if no example can be measured.
    """
    for sentence in report.refusals:
        raise InputError(sentence)
    if report.invalid is None:
        return
    if not skip_bad:
        raise InputError(report.invalid)
    if report.n_unusable == report.n_examples:
        raise MeasureError(f"No example can be measured; the first: {report.first_unusable}")


def check_prompts(
    loaded: LoadedModel, data: TaskData, book: AnswerBook, options: AnswerOptions, progress: Phase = SILENT
) -> PromptReport:
    """Tokenize all prompts, some examples at a time, and report their problems."""
    bos, unknown = _BosCount(loaded), _UnknownCount(loaded)
    examples = _UnusableExamples(loaded, book, options)
    checked = progress.within("checking the prompts").within("example", len(data.examples))
    n_tokens = 0
    for batch in _chunks(data):
        encoded = encode_prompts(loaded, batch)
        n_tokens += sum(map(len, encoded))
        bos.add(batch, encoded)
        unknown.add(batch, encoded)
        examples.add(batch, encoded)
        checked.advance(len(batch.examples))
    return PromptReport(
        n_examples=len(data.examples),
        n_unusable=examples.count,
        first_unusable=examples.first,
        refusals=tuple(bos.refusals()),
        notes=(*bos.notes(), *unknown.notes()),
        n_tokens=n_tokens,
    )


def _chunks(data: TaskData) -> Iterator[Batch]:
    for start in range(0, len(data.examples), _CHUNK):
        yield unplanned(data.examples[start : start + _CHUNK], data.languages)


@dataclass
class _UnusableExamples:
    loaded: LoadedModel
    book: AnswerBook
    options: AnswerOptions
    count: int = 0
    first: str | None = None

    def __post_init__(self) -> None:
        size = self.loaded.n_embeddings
        vocabulary = self.loaded.tokenizer.get_vocab()
        self._outside = {token for token, row in vocabulary.items() if row >= size}
        self._only_added = self._outside <= self.loaded.tokenizer.get_added_vocab().keys()

    def add(self, batch: Batch, encoded: Sequence[Encoded]) -> None:
        """Count the examples of a batch that cannot be measured. encoded: in row order."""
        faults = unusable_prompts(self.loaded, batch, encoded)
        if self.book.has_answers:
            faults += self._unanswerable(batch, encoded, {fault.position for fault in faults})
        faults.sort(key=lambda fault: fault.position)
        if faults and self.first is None:
            self.first = faults[0].sentence
        self.count += len({fault.position for fault in faults})

    def _unanswerable(self, batch: Batch, encoded: Sequence[Encoded], invalid: set[int]) -> list[InvalidExample]:
        n = len(batch.languages)
        doubtful = [
            position
            for position in range(len(batch.examples))
            if position not in invalid and self._doubtful(batch, position, encoded[position * n : (position + 1) * n])
        ]
        if not doubtful:
            return []
        part = batch.only(doubtful)
        rows = [encoded[position * n + bit] for position in doubtful for bit in range(n)]
        targets = find_targets(self.loaded, part, self.book)
        faults = unanswerable(self.loaded, part, rows, targets, self.options)
        return [InvalidExample(doubtful[fault.position], fault.sentence) for fault in faults]

    def _doubtful(self, batch: Batch, position: int, encoded: Sequence[Encoded]) -> bool:
        """Whether the answers must be tokenized to know that they fit."""
        example, limit = batch.examples[position], self.loaded.max_tokens
        texts = [*example.answers.values(), *chain.from_iterable(example.choices.values())]
        if self._outside and (not self._only_added or any(token in text for token in self._outside for text in texts)):
            return True
        if limit is None:
            return False
        longest = max((len(text.encode()) for text in texts), default=0)
        room = max(self.options.max_new_tokens, _TOKENS_A_BYTE * (longest + 1))
        return max(map(len, encoded)) + room > limit


class _BosCount:
    """Counts prompts whose BOS is missing or doubled."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._declined = declines_bos(loaded)
        self._reason = reason_for_bos(loaded)
        if self._declined:
            self._reason = "the tokenizer's configuration sets add_bos_token to false"
        self._total = 0
        self._first: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def add(self, batch: Batch, encoded: Sequence[Encoded]) -> None:
        bos = self._loaded.tokenizer.bos_token_id
        self._total += len(encoded)
        for row, prompt in enumerate(encoded):
            if self._reason is not None and lacks_bos(prompt.ids, bos):
                self._count("missing", batch, row)
            elif repeats_bos(prompt.ids, bos):
                self._count("doubled", batch, row)

    def refusals(self) -> list[str]:
        """Sentences for which --bos has to be set."""
        if self._loaded.bos is not None:
            return []
        return [
            f"{self._sentence(kind)}; use --bos add to give each prompt exactly one BOS, or --bos keep to measure them "
            "as they are."
            for kind in self._counts
            if not self._is_declined(kind)
        ]

    def notes(self) -> list[str]:
        """Sentences about the effect of --bos, or of the tokenizer's configuration."""
        if self._loaded.bos == "add":
            token = self._loaded.tokenizer.bos_token
            return [f"Every prompt begins with exactly one BOS ('{token}') because of --bos add."]
        if self._loaded.bos == "keep":
            return [f"{self._sentence(kind)}; measured as they are because of --bos keep." for kind in self._counts]
        return [f"{self._sentence(kind)}." for kind in self._counts if self._is_declined(kind)]

    def _is_declined(self, kind: str) -> bool:
        return kind == "missing" and self._declined

    def _count(self, kind: str, batch: Batch, row: int) -> None:
        position, bit = divmod(row, len(batch.languages))
        where = f"example '{batch.examples[position].id}' in '{batch.languages[bit]}'"
        self._first.setdefault(kind, where)
        self._counts[kind] += 1

    def _sentence(self, kind: str) -> str:
        token, n = self._loaded.tokenizer.bos_token, self._counts[kind]
        some, first = f"{n:,} of {self._total:,} prompts", f"the first: {self._first[kind]}"
        if kind == "missing":
            return f"{some} do not begin with BOS ('{token}') ({first}), and {self._reason}"
        return (
            f"{some} begin with BOS ('{token}') twice ({first}), for example because a chat template and the "
            "tokenizer both added one"
        )


@dataclass
class _UnknownCount:
    """Counts unknown tokens by language."""

    loaded: LoadedModel
    total: Counter[str] = field(default_factory=Counter)
    prompts: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        tokenizer = self.loaded.tokenizer
        used = {tokenizer.bos_token_id, tokenizer.eos_token_id, None}
        # Byte-level tokenizers can encode every text; some name another special token as their unknown token.
        self._id = None if tokenizer.unk_token_id in used else tokenizer.unk_token_id

    def add(self, batch: Batch, encoded: Sequence[Encoded]) -> None:
        if self._id is None:
            return
        for row, prompt in enumerate(encoded):
            code = batch.languages[row % len(batch.languages)]
            self.total[code] += 1
            self.tokens[code] += len(prompt)
            unknown = prompt.ids.count(self._id)
            if unknown:
                self.prompts[code] += 1
                self.unknown[code] += unknown
                self.last[code] += prompt.ids[-1 - prompt.n_ending] == self._id

    def notes(self) -> list[str]:
        return [
            f"In {code}, {n:,} of {self.total[code]:,} prompts contain text that the tokenizer has no token for: "
            f"{self.unknown[code]:,} of {self.tokens[code]:,} tokens are '{self.loaded.tokenizer.unk_token}', and in "
            f"{self.last[code]:,} prompts the last one is."
            for code, n in sorted(self.prompts.items())
        ]
