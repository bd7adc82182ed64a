"""Batched answers from one shared cache equal those of the slow, obvious way, for every architecture we know."""

import math
import random
from itertools import chain

import pytest
import torch

from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.generate import Ending, ending, greedy
from neurontui.compute.answers.predict import (
    AnswerOptions,
    padded_prompts,
    passes,
    predict,
    prepare,
)
from neurontui.compute.answers.ranking import ChoiceRanking, Ranked, log_probabilities, rank
from neurontui.compute.models.not_finite import are_finite
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.prompts.tokenize import InvalidPromptError
from neurontui.store.errors import MeasureError
from tests.compute.answers import plain
from tests.compute.answers.asked import asked, targets_of
from tests.compute.tiny import CONFIGS, load_tiny

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class Never(Ending):
    """Answers that end at end-of-text only."""

    def is_over(self, said: list[int]) -> bool:
        return said[-1] in self.eos


@pytest.mark.parametrize("architecture", CONFIGS)
def test_ranking_and_generation_equal_the_plain_way(architecture: str) -> None:
    loaded = load_tiny(architecture)
    batch = asked()
    prepared = prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions(max_new_tokens=5))
    never = Never(loaded.tokenizer, frozenset({3}))
    n_rows = len(batch.prompts)
    with torch.inference_mode():
        for rows in passes(loaded, prepared, tuple(range(n_rows))):
            decoder = Decoder(loaded)
            reading, logits = decoder.read(padded_prompts(loaded, prepared, rows), prepared.room)
            rankings = [prepared.questions[row].choice_ranking for row in rows]
            texts = [(each.answer, *each.right, *chain(*each.wrong)) if each else () for each in rankings]
            pairs = [(i, ids) for i, of_row in enumerate(texts) for ids in of_row]
            scores = log_probabilities(decoder, reading, logits, pairs)
            ranked = rank(decoder, reading, logits, rankings)
            said = greedy(decoder, reading, logits, never, 5)
            for i, row in enumerate(rows):
                prompt = batch.prompts[row]
                wanted = [plain.log_probability(loaded, prompt, ids) for ids in texts[i]]
                assert [scores[i, ids] for ids in texts[i]] == pytest.approx(wanted, abs=2e-4)
                assert_ranked(ranked[i], rankings[i], dict(zip(texts[i], wanted, strict=True)))
                assert said[i] == plain.greedy(loaded, prompt, 5, eos=3)


def assert_ranked(ranked: Ranked | None, choice_ranking: ChoiceRanking | None, scores: dict) -> None:
    """The likeliest of all choices, by the scores of the plain way."""
    if choice_ranking is None:
        assert ranked is None
        return
    assert ranked.answer_logprob == pytest.approx(scores[choice_ranking.answer], abs=2e-4)
    if not choice_ranking.right:
        assert ranked.correct is None
    else:
        likeliest = max((*choice_ranking.right, *chain(*choice_ranking.wrong)), key=scores.__getitem__)
        assert ranked.correct == (likeliest in choice_ranking.right)


def test_choices_that_cannot_win_are_left_out_without_a_change() -> None:
    """Many random choices, ranked with and without the shortcut."""
    loaded, batch = load_tiny("bloom"), asked()
    prepared = prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions(max_new_tokens=5))
    chance = random.Random(5)

    def choice() -> tuple[int, ...]:
        return tuple(chance.randrange(384) for _ in range(chance.randint(1, 4)))

    with torch.inference_mode():
        decoder = Decoder(loaded)
        reading, logits = decoder.read(padded_prompts(loaded, prepared, tuple(range(12))), 5)
        likely = [tuple(row.topk(3).indices.tolist()) for row in logits]
        outcomes = set()
        for _ in range(8):
            rankings = [
                ChoiceRanking(
                    (7,),
                    right=(chance.choice([choice(), ids[:1]]),),
                    wrong=((choice(),), (ids[1:],), (choice(),)),
                )
                for ids in likely
            ]
            results = rank(decoder, reading, logits, rankings)
            for row, (ranked, ranking) in enumerate(zip(results, rankings, strict=True)):
                pairs = [(row, ids) for ids in (*ranking.right, *chain(*ranking.wrong))]
                scores = log_probabilities(decoder, reading, logits, pairs)
                assert ranked.correct == (max(range(4), key=[scores[pair] for pair in pairs].__getitem__) == 0)
                outcomes.add(ranked.correct)
    assert outcomes == {True, False}


def test_sliding_windows_keep_prompts_of_different_length_apart() -> None:
    loaded = load_tiny("mistral")  # its window is shorter than the prompts
    batch = asked()
    prepared = prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions())
    parts = passes(loaded, prepared, tuple(range(12)))
    assert sorted(row for part in parts for row in part) == list(range(12))
    assert all(len({len(prepared.encoded[row]) for row in part}) == 1 for part in parts)


@pytest.mark.parametrize("architecture", ["bloom", "xglm", "mt5"])
def test_outcomes_do_not_depend_on_how_the_batch_is_cut(architecture: str) -> None:
    loaded = load_tiny(architecture)
    batch = asked()
    targets = targets_of(loaded, batch)
    wide = predict(loaded, batch, targets, AnswerOptions(token_budget=100_000)).rows
    narrow = predict(loaded, batch, targets, AnswerOptions(token_budget=1)).rows
    for a, b in zip(wide, narrow, strict=True):
        assert (a.prediction, a.correct, a.rank_correct, a.valid) == (
            b.prediction,
            b.correct,
            b.rank_correct,
            b.valid,
        )
        assert (a.answer_logprob is None) == (b.answer_logprob is None)
        assert math.isclose(a.answer_logprob or 0, b.answer_logprob or 0, abs_tol=2e-4)


def test_what_cannot_be_judged_is_not() -> None:
    loaded = load_tiny("bloom")
    batch = asked()
    rows = predict(loaded, batch, targets_of(loaded, batch), AnswerOptions()).rows
    no_answer, no_choices = rows[2 * 4 + 1], rows[2 * 4 + 3]
    assert (no_answer.correct, no_answer.rank_correct, no_answer.answer_logprob) == (None,) * 3
    assert no_answer.valid is not None
    assert (no_choices.rank_correct, no_choices.valid) == (None, None)
    assert no_choices.correct is not None
    assert no_choices.answer_logprob is not None


def test_a_prompt_without_room_for_an_answer_is_refused_by_name() -> None:
    loaded = load_tiny("gpt2")  # 128 positions
    batch = asked()
    with pytest.raises(InvalidPromptError, match=r"example 'e\d' in '\w\w' has \d+ tokens"):
        prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions(max_new_tokens=127))


def test_an_answer_ends_at_a_line_break_behind_its_first_words() -> None:
    loaded = load_tiny("bloom")
    end = ending(loaded.model, loaded.tokenizer)

    def ids(text: str) -> list[int]:
        return list(loaded.tokenizer(text)["input_ids"])

    assert not end.is_over(ids("\n"))
    assert not end.is_over(ids("\nParis"))
    assert end.is_over(ids("\nParis\n"))
    assert end.is_over([*ids("Paris"), 3])
    assert end.text([*ids("\n Paris \nRome"), 3]) == "Paris"
    assert end.text([]) == ""


@pytest.mark.parametrize("architecture", ["bloom", "mt5"])
@pytest.mark.parametrize("changed", [False, True])
def test_no_answer_is_read_from_logits_that_are_not_finite(architecture: str, changed: bool) -> None:
    loaded = load_tiny(architecture)
    batch = asked()
    prepared = prepare(loaded, batch, targets_of(loaded, batch), AnswerOptions())
    tokens = padded_prompts(loaded, prepared, (0, 1))
    off = {0: torch.zeros(1, loaded.layers[0].n_neurons, dtype=torch.bool)}
    passes_left = [1]

    def fail_later(_module: torch.nn.Module, _given: object, logits: torch.Tensor) -> torch.Tensor:
        passes_left[0] -= 1
        return logits if passes_left[0] >= 0 else logits.index_fill(-1, torch.tensor([3]), math.nan)

    hook = loaded.model.get_output_embeddings().register_forward_hook(fail_later)
    try:
        with torch.inference_mode(), ablate(loaded.ffns, off) as intervention:
            decoder = Decoder(loaded, intervention if changed else None)
            if not changed:
                intervention.aim()
            reading, _ = decoder.read(tokens, 2)
            said = "With neurons changed, logits of" if changed else "gives no answer: logits are not finite in float32"
            with pytest.raises(MeasureError, match=said):
                decoder.extend(reading, tokens.ids[:, :1], torch.ones(2, 1, dtype=torch.long))
    finally:
        hook.remove()


def test_minus_infinity_is_a_logit_and_pads_have_none() -> None:
    logits = torch.tensor([[[1.0, -math.inf]], [[math.nan, 0.0]]])
    assert are_finite(logits[0])
    assert are_finite(logits, torch.tensor([[1], [0]]))
    assert not are_finite(logits, torch.tensor([[1], [1]]))
    assert not are_finite(torch.full((1, 2), -math.inf))
