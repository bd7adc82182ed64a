"""Ask the model every question of a batch: greedy answers, ranked choices, log-probability of the answer.

One forward over the prompts serves all three. Hooks may be on the model meanwhile; that is what ablation does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.decoder import Decoder, Reading, takes_position_ids
from neurontui.compute.answers.generate import Ending, ending, greedy
from neurontui.compute.answers.judge import Outcome, Question, judge, questions
from neurontui.compute.answers.ranking import rank
from neurontui.compute.answers.targets import Target, Targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.length_groups import counts_pads, crossed_switch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.microbatches import Rows, run_halving
from neurontui.compute.models.tokenize import (
    Encoded,
    InvalidExample,
    InvalidPromptError,
    Tokens,
    encode_batch,
    outside_embedding,
    pad,
    place,
)


@dataclass(frozen=True)
class AnswerOptions:
    """How answers are got and judged."""

    max_new_tokens: int = 8
    exact: bool = False
    """Right only if the answer is all that was said; else what begins with the answer is right too."""
    mean_logprob: bool = False
    """Rank choices by log-probability a token instead of the sum, so that long ones are not at a disadvantage."""
    token_budget: int = 4096
    """Most tokens in one forward pass, pads included."""


@dataclass(frozen=True)
class Prepared:
    """A batch tokenised once, for any number of passes."""

    encoded: tuple[Encoded, ...]
    questions: tuple[Question, ...]
    ending: Ending
    room: int
    """Most tokens that may follow a prompt."""
    groups: tuple[int, ...]
    """A number for each row; rows of different numbers never share a pass."""

    @property
    def costs(self) -> list[int]:
        """Tokens of each row with what may follow it."""
        return [len(each) + self.room for each in self.encoded]


@dataclass(frozen=True)
class Predictions:
    """Outcomes of a batch in row order."""

    rows: tuple[Outcome, ...]


def prepare(loaded: LoadedModel, batch: Batch, targets: Targets, options: AnswerOptions) -> Prepared:
    """Tokenise a batch; raises UnusablePromptError for what `encode_batch` or `unanswerable` names."""
    encoded = encode_batch(loaded, batch)
    if invalid := unanswerable(loaded, batch, encoded, targets, options):
        raise InvalidPromptError(invalid)
    return Prepared(
        encoded=tuple(encoded),
        questions=tuple(questions(batch, targets.rows)),
        ending=ending(loaded.model, loaded.tokenizer),
        room=max(_room(target, options) for target in targets.rows),
        groups=tuple(loaded.groups([len(prompt) for prompt in encoded])),
    )


def unanswerable(
    loaded: LoadedModel,
    batch: Batch,
    encoded: Sequence[Encoded],
    targets: Targets,
    options: AnswerOptions,
) -> list[InvalidExample]:
    """Prompts without room for what may follow them, or with answers that the embedding does not have.

    It depends on a prompt, its own answer and choices alone, not on its batch. encoded: in row order.
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
    """Why a prompt of `length` tokens has no room for `room` more, as the middle of a sentence; None if it has."""
    limit = loaded.max_tokens
    if loaded.encoder_decoder:
        return None
    if limit is not None and length + room > limit:
        return f"together more than the {limit} the model takes"
    switch = crossed_switch(loaded.model.config, length, room)
    if switch is None:
        return None
    return (
        f"and the model scales positions otherwise beyond {switch} tokens (longrope), "
        "so prompt and answer would be read with different scalings"
    )


def _room(target: Target | None, options: AnswerOptions) -> int:
    """Most tokens that may follow a prompt: generated ones, its answer, or one of its choices."""
    return max(options.max_new_tokens, *map(len, _texts(target)))


def _texts(target: Target | None) -> tuple[Ids, ...]:
    return ((),) if target is None else (target.ids, *target.choices)


def padded_prompts(loaded: LoadedModel, prepared: Prepared, rows: Rows) -> Tokens:
    """The prompts of some rows, padded."""
    return pad(loaded, [prepared.encoded[row] for row in rows])


def passes(loaded: LoadedModel, prepared: Prepared, rows: Rows) -> list[Rows]:
    """Rows that may be continued together.

    Where what follows a prompt would see pads as distance, only prompts of one length go together.
    """
    longest = max(prepared.costs[row] for row in rows)
    takes_positions = takes_position_ids(loaded.model)
    if not counts_pads(loaded.model.config, longest, takes_positions=takes_positions):
        return [rows]
    by_length: dict[int, list[int]] = {}
    for row in rows:
        by_length.setdefault(len(prepared.encoded[row]), []).append(row)
    return [tuple(each) for each in by_length.values()]


def answer(
    decoder: Decoder,
    prepared: Prepared,
    rows: Rows,
    options: AnswerOptions,
    reading: Reading,
    logits: Tensor,
) -> list[Outcome]:
    """Outcomes of some rows from a reading of their prompts, whose cache it uses up."""
    asked = [prepared.questions[row] for row in rows]
    contests = [each.choice_ranking for each in asked]
    ranked = rank(decoder, reading, logits, contests, mean=options.mean_logprob)
    said = greedy(decoder, reading, logits, prepared.ending, options.max_new_tokens)
    return [
        judge(question, prepared.ending.text(tokens), of_row, exact=options.exact)
        for question, tokens, of_row in zip(asked, said, ranked, strict=True)
    ]


@torch.inference_mode()
def predict(loaded: LoadedModel, batch: Batch, targets: Targets, options: AnswerOptions) -> Predictions:
    """The model's own answers to a batch, nothing switched off."""
    prepared = prepare(loaded, batch, targets, options)
    found: dict[int, Outcome] = {}

    def step(rows: Rows) -> None:
        decoder = Decoder(loaded)
        for part in passes(loaded, prepared, rows):
            reading, logits = decoder.read(padded_prompts(loaded, prepared, part), prepared.room)
            outcomes = answer(decoder, prepared, part, options, reading, logits)
            found.update(zip(part, outcomes, strict=True))

    run_halving(prepared.costs, prepared.groups, options.token_budget, step)
    return Predictions(tuple(found[row] for row in range(len(prepared.questions))))
