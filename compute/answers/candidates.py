"""The candidates among which the answer to a prompt is ranked: its choices, or all distinct answers of its language."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurontui.compute.answers.answer_tokens import Ids, continuations_of_each
from neurontui.compute.answers.matching import normalize
from neurontui.compute.answers.ranking import ChoiceRanking
from neurontui.compute.answers.targets import AnswerBook, Target, Targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel


def ranking_among(answer: str, ids: Ids, candidates: Mapping[str, Ids]) -> ChoiceRanking:
    """The answer among candidates, by text. Candidates that are equal after normalization are one candidate."""
    spellings: dict[str, list[Ids]] = {}
    for text, candidate_ids in candidates.items():
        spellings.setdefault(_name(text), []).append(candidate_ids)
    right = spellings.pop(_name(answer), [])
    return ChoiceRanking(ids, tuple(right), tuple(map(tuple, spellings.values())))


def find_candidates(
    loaded: LoadedModel, batch: Batch, targets: Targets, book: AnswerBook
) -> tuple[ChoiceRanking | None, ...]:
    """The answer of each row among all distinct answers to prompts of its language; None with choices or no answer.

    Every candidate is tokenized as a continuation of the prompt. Candidates with tokens that the model has no embedding
    for are left out.
    """
    rankings: list[ChoiceRanking | None] = [None] * len(targets.rows)
    for bit, code in enumerate(batch.languages):
        rows = [row for row in range(bit, len(targets.rows), len(batch.languages)) if _is_open(targets.rows[row])]
        for row, ranking in zip(rows, _of_language(loaded, batch, targets, book, code, rows), strict=True):
            rankings[row] = ranking
    return tuple(rankings)


def _is_open(target: Target | None) -> bool:
    return target is not None and not target.choices


def _of_language(
    loaded: LoadedModel, batch: Batch, targets: Targets, book: AnswerBook, code: str, rows: Sequence[int]
) -> list[ChoiceRanking]:
    examples = [batch.examples[row // len(batch.languages)] for row in rows]
    texts = list(book.answers.get(code, ()))
    prompts = [(example.prompts[code], example.joiner(code)) for example in examples]
    rankings = []
    for row, example, ids in zip(rows, examples, continuations_of_each(loaded, prompts, texts), strict=True):
        target = targets.rows[row]
        assert target is not None
        usable = {text: of_text for text, of_text in zip(texts, ids, strict=True) if _is_readable(loaded, of_text)}
        ranking = ranking_among(example.answers[code], target.ids, usable)
        rankings.append(replace(ranking, by_first=True))  # whole candidates would cost many times the rest of a run
    return rankings


def _is_readable(loaded: LoadedModel, ids: Ids) -> bool:
    return bool(ids) and max(ids) < loaded.n_embeddings


def _name(text: str) -> str:
    """What equal answers have in common, as in `same_answer`."""
    return normalize(text) or text
