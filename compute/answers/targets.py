"""What the model should say: the tokens of every answer and choice of a batch, and of all answers of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from neurontui.compute.answers.answer_tokens import Following, Ids, continuations, first_word
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example


@dataclass(frozen=True)
class Target:
    """The answer to one prompt, and its choices, as tokens."""

    ids: Ids
    """All tokens of the answer; none where the tokenizer makes nothing of it."""
    first: int
    """Index of its first token that is more than white space."""
    telling: int
    """Index of the first token that tells it from every other answer of its language; the last one if none does."""
    choices: tuple[Ids, ...]
    distractors: tuple[int, ...]
    """First tokens of the other choices, or without choices of one other answer; never the answer's own."""

    @property
    def word(self) -> int:
        """The first answer token: the r of Eq. 10."""
        return self.ids[self.first]


@dataclass(frozen=True)
class AnswerBook:
    """All different answers of a run, by language."""

    answers: Mapping[str, Mapping[str, Ids]]
    first: Mapping[str, Mapping[str, int]]
    """The first token of each answer that is more than white space."""
    prefixes: Mapping[str, Counter[Ids]] = field(repr=False)
    """How many different answers begin with these tokens."""

    @property
    def has_answers(self) -> bool:
        """Whether the run has any answer; the model is then asked for an answer to every prompt."""
        return any(self.answers.values())

    def telling(self, language: str, ids: Ids, first: int) -> int:
        """Index of the first token at which no other answer goes along any more."""
        counts = self.prefixes.get(language, Counter())
        for index in range(first, len(ids)):
            if counts[ids[: index + 1]] <= 1:
                return index
        return len(ids) - 1

    def another(self, language: str, answer: str, word: int) -> tuple[int, ...]:
        """First token of the next answer in the list that starts differently; none if there is no such answer."""
        words = self.first.get(language, {})
        known = list(words)
        at = known.index(answer) + 1 if answer in words else 0
        following = (words[each] for each in [*known[at:], *known[:at]])
        return next(((each,) for each in following if each != word), ())


@dataclass(frozen=True)
class Targets:
    """Answers of a batch in row order; None where a prompt has no answer."""

    rows: tuple[Target | None, ...]


def answer_book(loaded: LoadedModel, examples: Sequence[Example], languages: Sequence[str]) -> AnswerBook:
    """Tokens of every different answer, each behind the first prompt it answers."""
    answers: dict[str, dict[str, Ids]] = {}
    first: dict[str, dict[str, int]] = {}
    prefixes: dict[str, Counter[Ids]] = {}
    for code in languages:
        asked = {e.answers[code]: e for e in reversed(examples) if code in e.answers}
        wanted = [Following(e.prompts[code], e.joiner(code), text) for text, e in asked.items()]
        ids = continuations(loaded, wanted)
        pairs = [(text, each) for text, each in zip(asked, ids, strict=True) if each]
        answers[code] = dict(pairs)
        first[code] = {text: each[first_word(loaded, each)] for text, each in pairs}
        prefixes[code] = Counter(p for each in {each for _, each in pairs} for p in _prefixes(each))
    return AnswerBook(answers, first, prefixes)


def find_targets(loaded: LoadedModel, batch: Batch, book: AnswerBook) -> Targets:
    """Answer and choices of every row of a batch, tokenised once for all measures."""
    wanted: dict[Following, Ids] = {}
    for example in batch.examples:
        for code in batch.languages:
            for text in _texts(example, code):
                wanted[Following(example.prompts[code], example.joiner(code), text)] = ()
    found = dict(zip(wanted, continuations(loaded, list(wanted)), strict=True)) if wanted else {}
    rows = [_target(loaded, example, code, found, book) for example in batch.examples for code in batch.languages]
    return Targets(tuple(rows))


def collision_notes(book: AnswerBook) -> tuple[tuple[str, str], ...]:
    """A sentence a language in which answers share their first token, for the table `notes`."""
    notes = []
    for code, words in book.first.items():
        counts = Counter(words.values())
        alike = sum(counts[word] > 1 for word in words.values())
        if alike:
            notes.append(
                (
                    "answers",
                    f"In {code}, {alike} of {len(words)} different answers share their first token with another one, "
                    "so a score for that token cannot tell them apart.",
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
    found: Mapping[Following, Ids],
    book: AnswerBook,
) -> Target | None:
    if code not in example.answers:
        return None

    def ids_of(text: str) -> Ids:
        return found[Following(example.prompts[code], example.joiner(code), text)]

    ids = ids_of(example.answers[code])
    if not ids:
        return None
    first = first_word(loaded, ids)
    choices = tuple(ids_of(text) for text in example.choices.get(code, ()))
    words = dict.fromkeys(each[first_word(loaded, each)] for each in choices if each)
    others = tuple(word for word in words if word != ids[first])
    return Target(
        ids=ids,
        first=first,
        telling=book.telling(code, ids, first),
        choices=choices,
        distractors=others or book.another(code, example.answers[code], ids[first]),
    )


def _prefixes(ids: Ids) -> list[Ids]:
    return list(accumulate(((token,) for token in ids), lambda a, b: a + b))
