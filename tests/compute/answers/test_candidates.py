"""The rank of an answer among all answers of its language equals that of a slow, obvious computation."""

import random
from dataclasses import replace

import pytest
import torch

import neurontui.compute.answers.ranking as ranking
from neurontui.compute.answers.answer_tokens import Continuation, continuations, continuations_of_each
from neurontui.compute.answers.candidates import ranking_among
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.matching import same_answer
from neurontui.compute.answers.predict import AnswerOptions, padded_prompts, predict, prepare
from neurontui.compute.batch import Batch
from neurontui.compute.demo import MODELS_DIR
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example
from tests.compute.answers import plain
from tests.compute.answers.asked import book_of, targets_of
from tests.compute.tiny import load_tiny

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

ANSWERS = {
    "en": ("Paris", "paris.", "Li", "Lisbon", "Guinea-Bissau", "Guinea", "Paris in the north", "7", "York"),
    "zh": ("里斯本", "安卡拉", "巴黎", "罗马", "北京", "巴黎的北方", "里", "法国", "罗马城"),
}
"""Spellings of one answer, answers that begin with another one, and answers of one and of many tokens."""
ENDS = {"en": ("The capital is", "It is called", "the city of "), "zh": ("首都是", "Answer:", "巴黎 是")}


def open_questions() -> Batch:
    """Nine examples in two languages without choices; each has another answer, and prompts end in three ways."""
    examples = tuple(
        Example(f"e{i}", f"c{i}", {code: f"{i} {code} {ENDS[code][i % 3]}" for code in ANSWERS},
                {code: texts[i] for code, texts in ANSWERS.items()})
        for i in range(9)
    )  # fmt: skip
    return Batch(0, tuple(range(9)), (0,) * 9, examples, tuple(ANSWERS))


def plain_rank(
    loaded: LoadedModel, prompt: str, joiner: str, answer: str, texts: tuple[str, ...], by_first: bool
) -> tuple[int, int]:
    """Rank and number of candidates, by scoring every candidate alone: first token and token itself, then the whole."""
    scores: dict[str, tuple[float, int, float]] = {}
    for text in texts:
        (ids,) = continuations(loaded, [Continuation(prompt, joiner, text)])
        start = plain.log_probability(loaded, prompt, ids[:1])
        whole = plain.log_probability(loaded, prompt, ids)
        scores[text] = (start, ids[0], whole) if by_first else (0.0, 0, whole)
    own = max(score for text, score in scores.items() if same_answer(text, answer))
    rivals: list[tuple[float, int, float]] = []
    seen: list[str] = []
    for text in texts:
        if same_answer(text, answer) or any(same_answer(text, other) for other in seen):
            continue
        seen.append(text)
        rivals.append(max(score for other, score in scores.items() if same_answer(other, text)))
    return 1 + sum(score > own for score in rivals), 1 + len(rivals)


@pytest.mark.parametrize("architecture", ["bloom", "llama", "mt5", "gemma3_text"])
def test_ranks_equal_a_computation_of_every_candidate_alone(architecture: str) -> None:
    loaded, batch = load_tiny(architecture), open_questions()
    book = book_of(loaded, batch)
    outcomes = predict(loaded, batch, targets_of(loaded, batch), AnswerOptions(max_new_tokens=2), book).rows
    ranks = set()
    for row, outcome in enumerate(outcomes):
        example, code = batch.examples[row // 2], batch.languages[row % 2]
        answer = example.answers[code]
        expected = plain_rank(loaded, example.prompts[code], example.joiner(code), answer, ANSWERS[code], by_first=True)
        assert (outcome.rank, outcome.n_candidates) == expected
        assert outcome.rank_correct is None  # that is about choices
        ranks.add(outcome.rank)
    assert len(ranks) > 3
    assert [outcome.n_candidates for outcome in outcomes[:2]] == [8, 9]  # Paris and paris. are one


def test_ranks_do_not_depend_on_how_the_batch_is_cut() -> None:
    loaded, batch = load_tiny("llama"), open_questions()
    book, targets = book_of(loaded, batch), targets_of(loaded, batch)
    ranks = [
        [(row.rank, row.n_candidates) for row in predict(loaded, batch, targets, options, book).rows]
        for options in (AnswerOptions(token_budget=100_000), AnswerOptions(token_budget=1))
    ]
    assert ranks[0] == ranks[1]


def test_without_the_answers_of_the_run_only_choices_are_ranked() -> None:
    loaded, batch = load_tiny("bloom"), open_questions()
    rows = predict(loaded, batch, targets_of(loaded, batch), AnswerOptions(max_new_tokens=2)).rows
    assert {(row.rank, row.n_candidates) for row in rows} == {(None, None)}
    assert all(row.answer_logprob is not None for row in rows)
    choices = tuple(replace(example, choices=ANSWERS_AS_CHOICES) for example in batch.examples)
    asked = replace(batch, examples=choices)
    by_choice = predict(loaded, asked, targets_of(loaded, asked), AnswerOptions(max_new_tokens=2)).rows
    for row, outcome in enumerate(by_choice):
        example, code = batch.examples[row // 2], batch.languages[row % 2]
        answer, prompt = example.answers[code], example.prompts[code]
        whole = plain_rank(loaded, prompt, example.joiner(code), answer, ANSWERS[code], by_first=False)
        assert (outcome.rank, outcome.n_candidates) == whole
        assert outcome.rank_correct == (outcome.rank == 1)


ANSWERS_AS_CHOICES = {code: tuple(texts) for code, texts in ANSWERS.items()}


def test_ties_do_not_lower_the_rank_and_spellings_are_no_rivals(monkeypatch: pytest.MonkeyPatch) -> None:
    one = ranking_among(
        "Paris", (5,), {"Paris": (5,), "paris.": (6,), "Rome": (5,), "rome": (7,), "?": (8,), "!": (9,)}
    )
    assert one.right == ((5,), (6,))
    assert one.wrong == (((5,), (7,)), ((8,),), ((9,),))
    loaded, batch = load_tiny("bloom"), open_questions()
    prepared = prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions())
    with torch.inference_mode():
        decoder = Decoder(loaded)
        reading, logits = decoder.read(padded_prompts(loaded, prepared, (0,)), 8)
        best, second = logits[0].topk(2).indices.tolist()
        same_tokens = ranking.ChoiceRanking((second,), ((second,),), (((second,),), ((best,), (best, 9)), ((9, 9),)))
        (ranked,) = ranking.rank(decoder, reading, logits, [same_tokens])
        # The same tokens as part of another pass can differ in the last digits: that must not be a rival either.
        exact = ranking.log_probabilities
        monkeypatch.setattr(
            ranking, "log_probabilities", lambda *args: {pair: s - 1e-6 for pair, s in exact(*args).items()}
        )
        (rounded,) = ranking.rank(decoder, reading, logits, [same_tokens])
    assert rounded.rank == 2
    assert (ranked.rank, ranked.n_candidates, ranked.correct) == (2, 4, False)


def test_few_candidates_are_read_beyond_their_first_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random candidates with shared beginnings: the same set as by scoring all, for far fewer tokens."""
    loaded, batch = load_tiny("bloom"), open_questions()
    prepared = prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions())
    chance = random.Random(3)
    n_read = []
    extend = Decoder.extend

    def counted(self, reading, ids, mask, *at):  # type: ignore[no-untyped-def]
        n_read.append(int(mask.sum()))
        return extend(self, reading, ids, mask, *at)

    monkeypatch.setattr(Decoder, "extend", counted)
    with torch.inference_mode():
        decoder = Decoder(loaded)
        reading, logits = decoder.read(padded_prompts(loaded, prepared, tuple(range(6))), 8)
        tops = logits.topk(6).indices.tolist()
        pairs = [
            (row, tuple(chance.choice(tops[row]) for _ in range(chance.randint(1, 4))))
            for row in range(6)
            for _ in range(40)
        ]
        scores = ranking.log_probabilities(decoder, reading, logits, pairs)
        bar = {row: sorted(s for (r, _), s in scores.items() if r == row)[-4] for row in range(6)}
        all_tokens = sum(n_read)
        n_read.clear()
        above = ranking.more_likely(decoder, reading, logits, ranking.first_scores(logits, pairs), bar)
    assert above == {pair for pair, score in scores.items() if score > bar[pair[0]]}
    assert 0 < sum(n_read) < all_tokens / 3


@pytest.mark.parametrize("model", ["bloom", "llama", "tiny"])
def test_tokens_after_a_last_word_are_those_after_the_whole_prompt(model: str) -> None:
    loaded = load_tiny("llama") if model == "tiny" else load_model(ModelOptions(str(MODELS_DIR / model)))
    prompts = [example.prompts[code] for example in open_questions().examples for code in ANSWERS]
    prompts += ["", "Paris", "a  b\n", "Wort\n\nNeue Zeile", "naïve café", "x (", "l'", "Türkiye'nin"]
    pairs = [(prompt, joiner) for prompt in prompts for joiner in ("", " ")]
    texts = [*ANSWERS["en"], *ANSWERS["zh"], "'s", " two", "\n", "-"]
    found = continuations_of_each(loaded, pairs, texts)
    for (prompt, joiner), ids in zip(pairs, found, strict=True):
        assert ids == continuations(loaded, [Continuation(prompt, joiner, text) for text in texts]), prompt


def test_a_candidate_that_does_not_fit_after_a_prompt_leaves_it_without_a_rank() -> None:
    loaded, batch = load_tiny("gpt2"), open_questions()  # 128 positions
    prompts = {**batch.examples[0].prompts, "en": "word " * 24 + "is"}
    longer = replace(batch, examples=(replace(batch.examples[0], prompts=prompts), *batch.examples[1:]))
    targets, book, options = targets_of(loaded, longer), book_of(loaded, longer), AnswerOptions(max_new_tokens=1)
    longest = max(map(len, book.answers["en"].values()))
    assert 128 - longest < len(prepare(loaded, longer, targets, options).encoded[0]) <= 128 - len(targets.rows[0].ids)
    rows = predict(loaded, longer, targets, options, book).rows
    assert rows[0].rank is None
    assert rows[0].answer_logprob is not None
    assert all(row.rank is not None for row in rows[1:])
