"""Answer every prompt of a batch: greedy answers, ranked choices, log-probability of the expected answer.

All three share one forward pass over the prompts. Hooks may be active on the model, as in an ablation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import torch
from torch import Tensor

from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.candidates import find_candidates
from neurontui.compute.answers.decoder import Decoder, Reading, takes_position_ids
from neurontui.compute.answers.first_token_rank import with_first_ranks
from neurontui.compute.answers.generate import Ending, ending, greedy
from neurontui.compute.answers.judge import Outcome, Question, judge, questions
from neurontui.compute.answers.ranking import ChoiceRanking, rank
from neurontui.compute.answers.targets import AnswerBook, Target, Targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.length_groups import counts_pads, crossed_switch
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import (
    Encoded,
    InvalidExample,
    InvalidPromptError,
    Tokens,
    encode_batch,
    outside_embedding,
    pad,
    place,
)
from neurontui.compute.progress import SILENT, Phase


@dataclass(frozen=True)
class AnswerOptions:
    """How answers are generated."""

    max_new_tokens: int = 8
    token_budget: int = 4096
    """Most tokens in one forward pass, pads included."""


@dataclass(frozen=True)
class Prepared:
    """A batch that is tokenized once for several passes."""

    encoded: tuple[Encoded, ...]
    questions: tuple[Question, ...]
    ending: Ending
    room: int
    """Most tokens that may follow a prompt."""
    groups: tuple[int, ...]
    """Group number of each row; rows of different groups never share a pass."""

    @property
    def costs(self) -> list[int]:
        """Tokens of each row, including those that may follow it."""
        return [len(prompt) + self.room for prompt in self.encoded]


@dataclass(frozen=True)
class Predictions:
    """Outcomes of a batch in row order."""

    rows: tuple[Outcome, ...]


def prepare(
    loaded: LoadedModel, batch: Batch, targets: Targets, options: AnswerOptions, book: AnswerBook | None = None
) -> Prepared:
    """Tokenize a batch; raises InvalidPromptError for prompts that fail `encode_batch` or `unanswerable`.

    book: answers of the run, to rank those to prompts without choices; None: they are not ranked.
    """
    encoded = encode_batch(loaded, batch)
    if invalid := unanswerable(loaded, batch, encoded, targets, options):
        raise InvalidPromptError(invalid)
    asked = questions(batch, targets.rows)
    if book is not None:
        candidates = find_candidates(loaded, batch, targets, book)
        asked = [
            replace(question, candidates=ranking)
            if ranking and _excess(loaded, len(prompt), _longest(ranking)) is None
            else question
            for question, prompt, ranking in zip(asked, encoded, candidates, strict=True)
        ]
    candidate_lengths = (_longest(question.candidates) for question in asked if question.candidates)
    return Prepared(
        encoded=tuple(encoded),
        questions=tuple(asked),
        ending=ending(loaded.model, loaded.tokenizer),
        room=max(chain((_room(target, options) for target in targets.rows), candidate_lengths)),
        groups=tuple(loaded.groups([len(prompt) for prompt in encoded])),
    )


def unanswerable(
    loaded: LoadedModel,
    batch: Batch,
    encoded: Sequence[Encoded],
    targets: Targets,
    options: AnswerOptions,
) -> list[InvalidExample]:
    """Prompts without room for an answer, or with answers that have tokens without an embedding.

    The result depends only on the prompt, its answer and its choices, not on the batch. encoded: in row order.
    """
    rows = enumerate(zip(encoded, targets.rows, strict=True))
    return [
        InvalidExample(row // len(batch.languages), f"{place(batch, row)} {problem}")
        for row, (prompt, target) in rows
        if (problem := _problem(loaded, prompt, target, options)) is not None
    ]


def _problem(loaded: LoadedModel, prompt: Encoded, target: Target | None, options: AnswerOptions) -> str | None:
    room = _room(target, options)
    if (excess := _excess(loaded, len(prompt), room)) is not None:
        return f"has {len(prompt)} tokens and up to {room} of an answer, {excess}; shorten it or leave it out."
    ids = [token for text in _texts(target) for token in text]
    outside = outside_embedding(loaded, ids)
    return None if outside is None else f"has an answer or choice that {outside}"


def _excess(loaded: LoadedModel, length: int, room: int) -> str | None:
    """Why a prompt of `length` tokens has no room for `room` more, as part of a sentence; None if it has room."""
    limit = loaded.max_tokens
    if loaded.encoder_decoder:
        return None
    if limit is not None and length + room > limit:
        return f"together more than the {limit} that the model supports"
    switch = crossed_switch(loaded.model.config, length, room)
    if switch is None:
        return None
    return (
        f"and the model scales positions differently beyond {switch} tokens (longrope), "
        "so prompt and answer would be read with different scalings"
    )


def _room(target: Target | None, options: AnswerOptions) -> int:
    """Most tokens that may follow a prompt: generated ones, its answer, or one of its choices."""
    return max(options.max_new_tokens, *map(len, _texts(target)))


def _longest(ranking: ChoiceRanking) -> int:
    return max(map(len, ranking.texts))


def _texts(target: Target | None) -> tuple[Ids, ...]:
    return ((),) if target is None else (target.ids, *target.choices)


def passes_per_answer(options: AnswerOptions) -> int:
    """Most forward passes for an answer: the prompts, two for ranking, and each generated token but the last."""
    return options.max_new_tokens + 2


def padded_prompts(loaded: LoadedModel, prepared: Prepared, rows: Rows) -> Tokens:
    """The prompts of some rows, padded."""
    return pad(loaded, [prepared.encoded[row] for row in rows])


def passes(loaded: LoadedModel, prepared: Prepared, rows: Rows) -> list[Rows]:
    """Rows that may be continued together.

    If appended tokens would count pads as distance, only prompts of equal length are continued together.
    """
    longest = max(prepared.costs[row] for row in rows)
    takes_positions = takes_position_ids(loaded.model)
    if not counts_pads(loaded.model.config, longest, takes_positions=takes_positions):
        return [rows]
    by_length: dict[int, list[int]] = {}
    for row in rows:
        by_length.setdefault(len(prepared.encoded[row]), []).append(row)
    return [tuple(same_length) for same_length in by_length.values()]


def answer(
    decoder: Decoder,
    prepared: Prepared,
    rows: Rows,
    options: AnswerOptions,
    reading: Reading,
    logits: Tensor,
) -> list[Outcome]:
    """Outcomes of some rows after reading their prompts; modifies the cache of `reading`."""
    asked = [prepared.questions[row] for row in rows]
    ranked = rank(decoder, reading, logits, [question.choice_ranking for question in asked])
    generated = greedy(decoder, reading, logits, prepared.ending, options.max_new_tokens)
    outcomes = [
        judge(question, prepared.ending.text(tokens), of_row)
        for question, tokens, of_row in zip(asked, generated, ranked, strict=True)
    ]
    return with_first_ranks(outcomes, asked, logits)


@torch.inference_mode()
def predict(
    loaded: LoadedModel,
    batch: Batch,
    targets: Targets,
    options: AnswerOptions,
    book: AnswerBook | None = None,
    progress: Phase = SILENT,
) -> Predictions:
    """The model's answers to a batch, without ablation; ranked among all answers of `book`, see `prepare`."""
    prepared = prepare(loaded, batch, targets, options, book)
    outcome_of_row: dict[int, Outcome] = {}
    counted = progress.within("group of prompts")

    def step(rows: Rows) -> None:
        decoder = Decoder(loaded)
        parts = passes(loaded, prepared, rows)
        lengths = counted.within("length", len(parts))
        for part in parts:
            with followed(loaded.ffns, lengths, at_most=passes_per_answer(options)):
                reading, logits = decoder.read(padded_prompts(loaded, prepared, part), prepared.room)
                outcomes = answer(decoder, prepared, part, options, reading, logits)
            outcome_of_row.update(zip(part, outcomes, strict=True))
            lengths.advance()

    run_halving(prepared.costs, prepared.groups, options.token_budget, step, counted)
    return Predictions(tuple(outcome_of_row[row] for row in range(len(prepared.questions))))
