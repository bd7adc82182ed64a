"""Answers become the tokens that follow their prompts: against offset mappings and the tokenizer alone."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from neurontui.compute.answers.answer_tokens import Continuation, continuations, first_word
from neurontui.compute.answers.targets import answer_book, collision_notes, find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.tasks.example import Example
from tests.compute.answers.asked import CHOICES, asked, targets_of
from tests.compute.tiny import CONFIGS, load_tiny


def spaced(loaded: LoadedModel) -> LoadedModel:
    """The same model with a SentencePiece-like tokenizer: ▁ marks words, and may stand alone."""
    from dataclasses import replace

    pieces = [
        "<unk>",
        "</s>",
        "▁",
        "▁is",
        "▁Paris",
        "Paris",
        "巴",
        "黎",
        "是巴",
        "是",
        "▁The",
        "a",
        "b",
    ]
    pieces += [*"ABCDEFGHILMNOPRSTceghilmnoprstuvxyz.,:。\n"]
    tokenizer = Tokenizer(models.Unigram([(each, -float(len(pieces) - i)) for i, each in enumerate(pieces)], unk_id=0))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>")
    return replace(loaded, tokenizer=made)


def words(loaded: LoadedModel, ids: tuple[int, ...]) -> list[str]:
    return loaded.tokenizer.convert_ids_to_tokens(list(ids))


@pytest.mark.parametrize("architecture", CONFIGS)
def test_tokens_are_those_behind_the_prompt_by_offsets(architecture: str) -> None:
    loaded, batch = load_tiny(architecture), asked()
    if loaded.encoder_decoder:
        return
    targets = targets_of(loaded, batch).rows
    for row, prompt in enumerate(batch.prompts):
        example, code = batch.examples[row // 4], batch.languages[row % 4]
        if code not in example.answers:
            assert targets[row] is None
            continue
        whole = prompt + ("" if code == "zh" else " ") + example.answers[code]
        found = loaded.tokenizer(whole, return_offsets_mapping=True)
        pairs = zip(found["input_ids"], found["offset_mapping"], strict=True)
        behind = [token for token, (_, end) in pairs if end > len(prompt)]
        assert list(targets[row].ids) == behind
        assert loaded.tokenizer.decode(behind).strip() == example.answers[code]
        assert len(targets[row].choices) == len(example.choices.get(code, ()))


def test_an_encoder_decoder_says_the_answer_on_its_own() -> None:
    loaded, batch = load_tiny("mt5"), asked()
    for row, target in enumerate(targets_of(loaded, batch).rows):
        if target is not None:
            answer = CHOICES[batch.languages[row % 4]][row // 4]
            wanted = loaded.tokenizer(answer, add_special_tokens=False)["input_ids"]
            assert list(target.ids) == wanted


def test_a_space_alone_is_never_the_answer() -> None:
    loaded = spaced(load_tiny("bloom"))
    (ids,) = continuations(loaded, [Continuation("The", " ", "巴黎")])
    assert words(loaded, ids) == ["▁", "巴", "黎"]
    assert first_word(loaded, ids) == 1
    (ids,) = continuations(loaded, [Continuation("The", " ", "Paris")])
    assert words(loaded, ids) == ["▁Paris"]
    assert first_word(loaded, ids) == 0


def test_where_prompt_and_answer_would_melt_the_prompt_stays_as_it_is_read() -> None:
    loaded = spaced(load_tiny("bloom"))
    assert "是巴" in words(loaded, tuple(loaded.tokenizer("b是巴黎")["input_ids"]))
    (ids,) = continuations(loaded, [Continuation("b是", "", "巴黎")])
    assert words(loaded, ids) == ["巴", "黎"]


def test_a_prompt_that_ends_in_a_space_gets_no_second_one() -> None:
    assert Continuation("The capital is ", " ", "Paris").tail == "Paris"
    assert Continuation("The capital is", " ", "Paris").tail == " Paris"


def questions(answers: list[str], choices: dict[int, tuple[str, ...]] | None = None) -> Batch:
    examples = tuple(
        Example(
            id=str(i),
            cluster=str(i),
            prompts={"en": f"Prompt {i}:"},
            answers={"en": answer},
            choices={"en": (choices or {}).get(i, ())},
        )
        for i, answer in enumerate(answers)
    )
    return Batch(0, tuple(range(len(answers))), (0,) * len(answers), examples, ("en",))


def test_the_first_unique_token_is_the_first_that_no_other_answer_shares() -> None:
    loaded = load_tiny("bloom")
    batch = questions(["qzxa", "qzxb", "qzya", "qz", "wv", "wv"])
    rows = targets_of(loaded, batch).rows
    texts = [[loaded.tokenizer.decode([token]) for token in row.ids] for row in rows]
    assert texts[0] == [" ", "q", "z", "x", "a"]  # the tiny tokenizer knows no such words
    assert [row.first for row in rows] == [1] * 6
    assert [row.first_unique for row in rows] == [4, 4, 3, 2, 1, 1]


def test_distractors_are_the_other_choices_or_another_answer() -> None:
    loaded = load_tiny("bloom")
    rows = targets_of(loaded, questions(["qa", "wb", "qc"], {0: ("qa", "wb", "zz", "qd")})).rows
    texts = [[loaded.tokenizer.decode([token]) for token in row.distractors] for row in rows]
    assert texts == [["w", "z"], ["q"], ["w"]]
    alone = targets_of(loaded, questions(["qa", "qa"])).rows
    assert alone[0].distractors == ()


def test_collisions_are_counted_over_different_answers() -> None:
    loaded = load_tiny("bloom")
    batch = questions(["qa", "qb", "qb", "w", "z"])
    notes = collision_notes(answer_book(loaded, batch.examples, batch.languages))
    assert len(notes) == 1
    assert notes[0][0] == "answers"
    assert "In en, 2 of 4 distinct answers" in notes[0][1]
    different = questions(["qa", "w", "z"])
    assert collision_notes(answer_book(loaded, different.examples, ("en",))) == ()


def test_a_batch_finds_the_same_targets_with_the_book_of_the_run(tmp_path: Path) -> None:
    loaded, batch = load_tiny("xglm"), asked()
    book = answer_book(loaded, batch.examples, batch.languages)
    part = Batch(1, batch.indices[1:2], batch.folds[1:2], batch.examples[1:2], batch.languages)
    assert find_targets(loaded, part, book).rows == find_targets(loaded, batch, book).rows[4:8]
