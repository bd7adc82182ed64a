"""What a model answered, and whether it is right, by generation and by ranking the choices."""

from collections.abc import Sequence
from dataclasses import dataclass

from neurontui.compute.answers.matching import chosen, is_correct, normalise
from neurontui.compute.answers.targets import Target
from neurontui.compute.batch import Batch


@dataclass(frozen=True)
class Outcome:
    """One prompt's outcome; None where it has no answer, or no choices, to be judged by."""

    prediction: str
    correct: bool | None
    rank_correct: bool | None
    valid: bool | None
    answer_logprob: float | None


@dataclass(frozen=True)
class Question:
    """One prompt with all that its outcome is judged by."""

    answer: str | None
    choices: tuple[str, ...]
    target: Target | None


def questions(batch: Batch, targets: Sequence[Target | None]) -> list[Question]:
    """The questions of a batch in row order."""
    pairs = [(example, code) for example in batch.examples for code in batch.languages]
    return [
        Question(example.answers.get(code), tuple(example.choices.get(code, ())), target)
        for (example, code), target in zip(pairs, targets, strict=True)
    ]


def judge(
    question: Question, prediction: str, scores: Sequence[float], *, exact: bool, mean: bool
) -> Outcome:
    """Compare what was said with what should have been.

    scores: log-probabilities of the answer and then of the choices; none where there is no answer.
    mean: rank choices by log-probability a token instead of the sum.
    """
    answer, target = question.answer, question.target
    if answer is None or target is None:
        return Outcome(prediction, None, None, _valid(question, prediction), None)
    return Outcome(
        prediction=prediction,
        correct=is_correct(prediction, answer, question.choices, exact=exact),
        rank_correct=_rank_correct(question, target, scores[1:], mean=mean),
        valid=_valid(question, prediction),
        answer_logprob=scores[0],
    )


def _valid(question: Question, prediction: str) -> bool | None:
    return chosen(prediction, question.choices) is not None if question.choices else None


def _rank_correct(
    question: Question, target: Target, scores: Sequence[float], *, mean: bool
) -> bool | None:
    """None without choices, or where none of them is the answer."""
    wanted = normalise(question.answer or "")
    right = [i for i, each in enumerate(question.choices) if normalise(each) == wanted]
    if not right:
        return None
    if mean:
        scores = [s / max(len(ids), 1) for s, ids in zip(scores, target.choices, strict=True)]
    return max(range(len(scores)), key=lambda i: scores[i]) in right
