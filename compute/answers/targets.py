"""Expected answers as tokens: answers and choices of a batch, and all answers of a run."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from neurontui.compute.answers.answer_tokens import Continuation, Ids, continuations, first_word
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example


@dataclass(frozen=True)
class Target:
    """The answer to one prompt, and its choices, as tokens."""

    ids: Ids
    """All tokens of the answer; empty if the tokenizer produces no token."""
    first: int
    """Index of the first token that is not white space."""
    first_unique: int
    """Index of the first token that no other answer of the language shares; the last one if all are shared."""
    choices: tuple[Ids, ...]
    distractors: tuple[int, ...]
    """First tokens of the other choices, or without choices of one other answer, but not the answer's own."""
    first_tokens: tuple[int, ...] = ()
    """Distinct first tokens of all choices, or without choices of all answers of the language, its own included."""

    @property
    def word(self) -> int:
        """The first answer token: the r of Eq. 10."""
        return self.ids[self.first]


@dataclass(frozen=True)
class AnswerBook:
    """All distinct answers of a run, by language."""

    answers: Mapping[str, Mapping[str, Ids]]
    first: Mapping[str, Mapping[str, int]]
    """The first token of each answer that is not white space."""
    prefixes: Mapping[str, Counter[Ids]] = field(repr=False)
    """Number of distinct answers that begin with these tokens."""

    @property
    def has_answers(self) -> bool:
        """Whether the run has any answer; the model is then asked for an answer to every prompt."""
        return any(self.answers.values())

    def first_unique(self, language: str, ids: Ids, first: int) -> int:
        """Index of the first token, from `first` on, up to which no other answer has the same tokens."""
        counts = self.prefixes.get(language, Counter())
        for index in range(first, len(ids)):
            if counts[ids[: index + 1]] <= 1:
                return index
        return len(ids) - 1

    def another(self, language: str, answer: str, word: int) -> tuple[int, ...]:
        """First token of the next answer in the list with another first token; empty if there is none."""
        words = self.first.get(language, {})
        texts = list(words)
        at = texts.index(answer) + 1 if answer in words else 0
        following = (words[text] for text in [*texts[at:], *texts[:at]])
        return next(((token,) for token in following if token != word), ())


@dataclass(frozen=True)
class Targets:
    """Answers of a batch in row order; None for a prompt without an answer."""

    rows: tuple[Target | None, ...]


def answer_book(loaded: LoadedModel, examples: Sequence[Example], languages: Sequence[str]) -> AnswerBook:
    """Tokens of every distinct answer, each after the first prompt it answers; none if the model cannot answer."""
    examples = () if loaded.encoder_only else examples
    answers: dict[str, dict[str, Ids]] = {}
    first: dict[str, dict[str, int]] = {}
    prefixes: dict[str, Counter[Ids]] = {}
    for code in languages:
        example_of = {e.answers[code]: e for e in reversed(examples) if code in e.answers}
        appended = [Continuation(e.prompts[code], e.joiner(code), text) for text, e in example_of.items()]
        ids = continuations(loaded, appended)
        pairs = [(text, answer_ids) for text, answer_ids in zip(example_of, ids, strict=True) if answer_ids]
        answers[code] = dict(pairs)
        first[code] = {text: answer_ids[first_word(loaded, answer_ids)] for text, answer_ids in pairs}
        prefixes[code] = Counter(
            p for answer_ids in {answer_ids for _, answer_ids in pairs} for p in _prefixes(answer_ids)
        )
    return AnswerBook(answers, first, prefixes)


def find_targets(loaded: LoadedModel, batch: Batch, book: AnswerBook) -> Targets:
    """Answer and choices of every row of a batch, tokenized once for all measures."""
    appended: dict[Continuation, Ids] = {}
    for example in batch.examples:
        for code in batch.languages:
            for text in _texts(example, code):
                appended[Continuation(example.prompts[code], example.joiner(code), text)] = ()
    ids = dict(zip(appended, continuations(loaded, list(appended)), strict=True)) if appended else {}
    rows = [_target(loaded, example, code, ids, book) for example in batch.examples for code in batch.languages]
    return Targets(tuple(rows))


def collision_notes(book: AnswerBook) -> tuple[tuple[str, str], ...]:
    """A note for each language in which answers share their first token, for the table `notes`."""
    notes = []
    for code, words in book.first.items():
        counts = Counter(words.values())
        alike = sum(counts[word] > 1 for word in words.values())
        if alike:
            notes.append(
                (
                    "answers",
                    f"In {code}, {alike} of {len(words)} distinct answers share their first token with another answer, "
                    "so a score for that token does not distinguish them.",
                )
            )
    return tuple(notes)


def _texts(example: Example, code: str) -> tuple[str, ...]:
    answer = (example.answers[code],) if code in example.answers else ()
    return answer + tuple(example.choices.get(code, ()))


def _target(
    loaded: LoadedModel,
    example: Example,
    code: str,
    ids_of_text: Mapping[Continuation, Ids],
    book: AnswerBook,
) -> Target | None:
    if code not in example.answers:
        return None

    def ids_of(text: str) -> Ids:
        return ids_of_text[Continuation(example.prompts[code], example.joiner(code), text)]

    ids = ids_of(example.answers[code])
    if not ids:
        return None
    first = first_word(loaded, ids)
    choices = tuple(ids_of(text) for text in example.choices.get(code, ()))
    words = dict.fromkeys(choice[first_word(loaded, choice)] for choice in choices if choice)
    others = tuple(word for word in words if word != ids[first])
    return Target(
        ids=ids,
        first=first,
        first_unique=book.first_unique(code, ids, first),
        choices=choices,
        distractors=others or book.another(code, example.answers[code], ids[first]),
        first_tokens=_first_tokens(ids[first], words or book.first.get(code, {}).values()),
    )


def _first_tokens(own: int, others: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys((own, *others)))


def _prefixes(ids: Ids) -> list[Ids]:
    return list(accumulate(((token,) for token in ids), lambda a, b: a + b))
