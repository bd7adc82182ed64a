"""The outcome of a prompt: the model's answer and whether it is right, by generation and by ranking the choices."""

from collections.abc import Sequence
from dataclasses import dataclass

from neurontui.compute.answers.matching import chosen, is_correct, same_answer
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


@dataclass(frozen=True)
class Question:
    """One prompt with the expected answer and its choices."""

    answer: str | None
    choices: tuple[str, ...]
    target: Target | None

    @property
    def choice_ranking(self) -> ChoiceRanking | None:
        """The candidates to rank; None without an answer."""
        if self.answer is None or self.target is None:
            return None
        pairs = list(zip(self.choices, self.target.choices, strict=True))
        return ChoiceRanking(
            answer=self.target.ids,
            right=tuple(ids for text, ids in pairs if _is_right(text, self.answer)),
            wrong=tuple(ids for text, ids in pairs if not _is_right(text, self.answer)),
        )


def _is_right(choice: str, answer: str) -> bool:
    return choice == answer or same_answer(choice, answer)


def questions(batch: Batch, targets: Sequence[Target | None]) -> list[Question]:
    """The questions of a batch in row order."""
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
    return Outcome(prediction, correct, ranked.correct, valid, ranked.answer_logprob)
