"""Teacher forcing beside real generation and beside the plain way: one prompt at a time, no cache, no padding."""

from dataclasses import dataclass, replace

import pytest
import torch

from neurontui.compute.answers.beginnings import Beginnings
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import Ending, ending
from neurontui.compute.answers.judge import Outcome, Question
from neurontui.compute.answers.matching import chosen, is_correct
from neurontui.compute.answers.predict import AnswerOptions, Prepared, answer, padded_prompts, passes, prepare
from neurontui.compute.answers.targets import Target
from neurontui.compute.answers.teacher_forcing import forced_answer
from neurontui.compute.models.loaded_model import LoadedModel
from tests.compute.answers import plain
from tests.compute.answers.asked import asked, targets_of
from tests.compute.tiny import load_tiny

OPTIONS = AnswerOptions(max_new_tokens=6)
ARCHITECTURES = ["bloom", "llama", "gemma3_text", "mt5"]


def likely_questions(loaded: LoadedModel, prepared: Prepared) -> Prepared:
    """Answers that greedy decoding gives, that it leaves after a token, and that it never begins; and two choices."""
    questions = []
    for row, prompt in enumerate(asked().prompts):
        greedy = tuple(plain.greedy(loaded, prompt, 4, eos=3))
        ids = (greedy[:1], greedy[:3], (*greedy[:2], 9, 11), (5, 6, 7))[row % 4]
        other = (greedy[:2], (8,))[row % 2]
        texts = [str(loaded.tokenizer.decode(tokens)) or "?" for tokens in (ids, other)]
        if row % 4 == 1:  # random words go on, so the text that teacher forcing sees is the answer
            texts[0] = str(loaded.tokenizer.decode(greedy[:4]))
        questions.append(Question(texts[0], tuple(texts), Target(ids, 0, 0, (ids, other), ())))
    return replace(prepared, questions=tuple(questions))


def outcomes(
    loaded: LoadedModel, prepared: Prepared, *, forced: bool, options: AnswerOptions = OPTIONS
) -> list[Outcome]:
    way, rows = forced_answer if forced else answer, tuple(range(len(prepared.questions)))
    of_row: dict[int, Outcome] = {}
    with torch.inference_mode():
        for part in passes(loaded, prepared, rows):
            decoder = Decoder(loaded)
            read = decoder.read(padded_prompts(loaded, prepared, part), prepared.room)
            of_row.update(zip(part, way(decoder, prepared, part, options, *read), strict=True))
    return [of_row[row] for row in rows]


def beginning(greedy: list[int], texts: list[tuple[int, ...]]) -> list[int]:
    """Of the greedy tokens, those that agree with a text from the start, and one more."""
    alike = [next((i for i, (a, b) in enumerate(zip(greedy, ids, strict=False)) if a != b), None) for ids in texts]
    lengths = [min(len(greedy), len(ids)) if n is None else n for n, ids in zip(alike, texts, strict=True)]
    return greedy[: max(lengths, default=0) + 1]


@pytest.mark.parametrize("limit", [6, 2])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_verdict_is_that_of_the_greedy_tokens_up_to_the_first_difference(architecture: str, limit: int) -> None:
    loaded = load_tiny(architecture)
    prepared = prepare(loaded, asked(), targets_of(loaded, asked()), OPTIONS)
    prepared = likely_questions(loaded, prepared)
    end = ending(loaded.model, loaded.tokenizer)
    found = outcomes(loaded, prepared, forced=True, options=AnswerOptions(max_new_tokens=limit))
    for outcome, question, prompt in zip(found, prepared.questions, asked().prompts, strict=True):
        target = question.target
        assert target is not None
        greedy = end.cut(plain.greedy(loaded, prompt, limit, eos=3), limit)
        text = end.text(beginning(greedy, [target.ids, *target.choices]))
        assert outcome.prediction == text
        assert outcome.correct == is_correct(text, question.answer or "", question.choices)
        assert outcome.valid == (chosen(text, question.choices) is not None)
        assert outcome.answer_logprob == pytest.approx(plain.log_probability(loaded, prompt, target.ids), abs=1e-4)
    assert limit == 2 or {outcome.correct for outcome in found} == {True, False}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_log_probability_and_rank_are_those_of_generated_answers(architecture: str) -> None:
    loaded = load_tiny(architecture)
    prepared = prepare(loaded, asked(), targets_of(loaded, asked()), OPTIONS)
    for questions in (prepared, likely_questions(loaded, prepared)):
        generated, forced = (outcomes(loaded, questions, forced=way) for way in (False, True))
        for a, b in zip(generated, forced, strict=True):
            assert a.rank_correct == b.rank_correct
            assert (a.answer_logprob is None) == (b.answer_logprob is None)
            assert b.answer_logprob == pytest.approx(a.answer_logprob, abs=1e-5)


def test_without_an_answer_nothing_is_judged() -> None:
    loaded = load_tiny("bloom")
    prepared = prepare(loaded, asked(), targets_of(loaded, asked()), OPTIONS)
    found = outcomes(loaded, prepared, forced=True)[2 * 4 + 1]
    assert (found.correct, found.rank_correct, found.valid, found.answer_logprob) == (None,) * 4


@dataclass
class Words:
    """A tokenizer whose tokens are these texts."""

    texts: tuple[str, ...] = ("Paris", "ian", ",", "\n", "P", "aris", "Guinea", "-", "Bissau", "paris", "", "PAR", "IS")

    def decode(self, tokens: list[int], **_: bool) -> str:
        return "".join(self.texts[token] for token in tokens)


@pytest.mark.parametrize(
    ("greedy", "target", "limit", "seen", "forced", "generated"),
    [
        ("Paris|,|ian", "Paris", 8, "Paris,", True, True),
        ("Paris|ian|,", "Paris", 8, "Parisian", False, False),
        ("Paris|\n|ian", "Paris", 8, "Paris", True, True),
        ("Paris|,", "P|aris", 8, "Paris", True, True),  # other tokens, the same text
        ("paris|,", "Paris", 8, "paris", True, True),  # another case in one token
        ("PAR|IS|,", "Paris", 8, "PAR", False, True),  # another case in two tokens
        ("\n|Paris|,", "Paris", 8, "", False, True),  # a line break first
        ("Guinea|-|Bissau", "Guinea", 8, "Guinea-", True, False),  # the word goes on after the next token
        ("Paris|Paris|ian", "P|aris", 8, "Paris", True, False),  # the same after other tokens
        ("P|aris|,", "P|aris", 1, "P", False, False),  # --max-new-tokens
        ("Paris||ian", "Paris", 8, "Paris", True, True),  # end of text
    ],
)
def test_where_the_verdicts_agree_and_where_not(
    greedy: str, target: str, limit: int, seen: str, forced: bool, generated: bool
) -> None:
    """The cases of docs/method.md."""
    words = Words()
    end = Ending(words, frozenset({words.texts.index("")}))
    said, ids = (tuple(words.texts.index(text) for text in texts.split("|")) for texts in (greedy, target))
    beginnings = Beginnings([said[:1]])
    beginnings.see((0, ids), [*said[1 : len(ids) + 1]])
    text = end.text(end.cut(beginnings.tokens[0], limit))
    assert text == seen.strip()
    assert is_correct(text, target.replace("|", "")) == forced
    assert is_correct(end.text(end.cut(said, limit)), target.replace("|", "")) == generated
