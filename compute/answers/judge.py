"""The outcome of a prompt: the model's answer and whether it is right, by generation and by ranking the choices."""

from collections.abc import Sequence
from dataclasses import dataclass

from neurontui.compute.answers.candidates import ranking_among
from neurontui.compute.answers.matching import chosen, is_correct
from neurontui.compute.answers.ranking import ChoiceRanking, Ranked
from neurontui.compute.answers.targets import Target
from neurontui.compute.batch import Batch


@dataclass(frozen=True)
class Outcome:
    """One prompt's outcome; fields are None if the prompt has no answer or no choices."""

    prediction: str
    correct: bool | None
    rank_correct: bool | None
    valid: bool | None
    answer_logprob: float | None
    rank: int | None = None
    n_candidates: int | None = None
    first_rank: int | None = None
    """Rank of the answer's first token among those of the candidates, see `first_token_rank`."""
    n_first: int | None = None


@dataclass(frozen=True)
class Question:
    """One prompt with the expected answer and its choices."""

    answer: str | None
    choices: tuple[str, ...]
    target: Target | None
    candidates: ChoiceRanking | None = None
    """The answer among all answers of the run, for a prompt without choices."""

    @property
    def choice_ranking(self) -> ChoiceRanking | None:
        """The candidates to rank; None without an answer."""
        if self.answer is None or self.target is None:
            return None
        if self.candidates is not None:
            return self.candidates
        return ranking_among(self.answer, self.target.ids, dict(zip(self.choices, self.target.choices, strict=True)))


def questions(batch: Batch, targets: Sequence[Target | None]) -> list[Question]:
    """The questions of a batch in row order, without candidates other than choices."""
    pairs = [(example, code) for example in batch.examples for code in batch.languages]
    return [
        Question(example.answers.get(code), tuple(example.choices.get(code, ())), target)
        for (example, code), target in zip(pairs, targets, strict=True)
    ]


def judge(question: Question, prediction: str, ranked: Ranked | None) -> Outcome:
    """Compare a prediction with the expected answer. ranked: None without an answer."""
    valid = chosen(prediction, question.choices) is not None if question.choices else None
    if question.answer is None or ranked is None:
        return Outcome(prediction, None, None, valid, None)
    correct = is_correct(prediction, question.answer, question.choices)
    rank_correct = ranked.correct if question.choices else None
    return Outcome(prediction, correct, rank_correct, valid, ranked.answer_logprob, ranked.rank, ranked.n_candidates)
