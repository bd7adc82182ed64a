"""Knowledge editing: which language tells, which is asked, and what stands in front."""

import json
from pathlib import Path

import pytest

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError
from tests.compute.tasks.layouts import Write

ITEMS = {
    "en": [("Who wrote {X}?", "Ann"), ("When was Y born?", "1931")],
    "de": [("Wer schrieb {X}?", "Anna"), ("Wann wurde Y geboren?", "1931")],
    "zh": [("谁写了{X}？", "安"), ("Y何时出生？", "1931年")],
}
TRAIN = {
    "en": ["What is A?\tB", "What gender?\t", "What is C?\tD"],
    "de": ["Was ist A? \tB.", "Welches Geschlecht?", "Was ist C? \tD."],
    "zh": ["A是什么？\t乙", "性别？\t", "C是什么？\t丁"],
}


def _load(data: Path, task: str = "ke-en-all", **options: object) -> TaskData:
    return load_task(task, TaskOptions(data=data, **options))


def test_en_to_all_tells_in_english_and_asks_in_the_language(mzsre: Write) -> None:
    data = _load(mzsre(ITEMS))
    assert (data.task, data.setting, data.n_shots) == ("ke", "en-all", 0)
    first = data.examples[0]
    assert first.prompts == {
        "en": "Question: Who wrote {X}? Answer: Ann Question: Who wrote {X}? Answer:",
        "de": "Question: Who wrote {X}? Answer: Ann Question: Wer schrieb {X}? Answer:",
        "zh": "Question: Who wrote {X}? Answer: Ann Question: 谁写了{X}？ Answer:",
    }
    assert first.answers == {"en": "Ann", "de": "Anna", "zh": "安"}
    assert not first.choices
    assert [first.joiner(code) for code in data.languages] == [" ", " ", ""]
    assert [(each.id, each.cluster) for each in data.examples] == [("1", "1"), ("2", "2")]


def test_all_to_en_tells_in_the_language_and_asks_in_english(mzsre: Write) -> None:
    data = _load(mzsre(ITEMS), "ke-all-en")
    assert (data.task, data.setting) == ("ke", "all-en")
    first = data.examples[0]
    assert first.prompts["zh"] == "Question: 谁写了{X}？ Answer: 安 Question: Who wrote {X}? Answer:"
    assert first.answers == {"en": "Ann", "de": "Ann", "zh": "Ann"}
    assert [first.joiner(code) for code in data.languages] == [" ", " ", " "]


def test_demonstrations_stand_in_front_and_defective_lines_are_skipped(mzsre: Write) -> None:
    data = _load(mzsre(ITEMS, TRAIN), shots=2)
    assert data.n_shots == 2
    assert data.examples[1].prompts["de"] == (
        "Question: What is A? Answer: B Question: Was ist A? Answer: B.\n\n"
        "Question: What is C? Answer: D Question: Was ist C? Answer: D.\n\n"
        "Question: When was Y born? Answer: 1931 Question: Wann wurde Y geboren? Answer:"
    )
    assert data.examples[1].prompts["zh"].startswith("Question: What is A? Answer: B Question: A是什么？ Answer:乙\n\n")
    turned = _load(mzsre(ITEMS, TRAIN), "ke-all-en", shots=1)
    assert (
        turned.examples[0]
        .prompts["zh"]
        .startswith("Question: A是什么？ Answer: 乙 Question: What is A? Answer: B\n\nQuestion: 谁写了{X}？")
    )


def test_too_few_demonstrations_are_reported(mzsre: Write) -> None:
    with pytest.raises(InputError, match=r"--shots 3 needs 3 training lines in en, de, zh, but only 2 were found"):
        _load(mzsre(ITEMS, TRAIN), shots=3)


def test_demonstrations_lacking_in_a_language_are_reported(mzsre: Write) -> None:
    with pytest.raises(InputError, match="but only 0 were found"):
        _load(mzsre(ITEMS, {"en": TRAIN["en"]}), shots=1)


def test_native_wrappers_follow_the_language_that_speaks(mzsre: Write) -> None:
    data = _load(mzsre(ITEMS), "ke-all-en", native_wrapper=True)
    assert data.examples[0].prompts["zh"] == "问题：谁写了{X}？ 答案：安 Question: Who wrote {X}? Answer:"
    data = _load(mzsre(ITEMS), native_wrapper=True)
    assert data.examples[0].prompts["de"] == ("Question: Who wrote {X}? Answer: Ann Frage: Wer schrieb {X}? Antwort:")


def test_items_are_joined_by_their_english_side(mzsre: Write, tmp_path: Path) -> None:
    folder = mzsre(ITEMS)
    path = folder / "mzsre_test_duplicate_enzh.json"
    path.write_text(json.dumps(json.loads(path.read_text())[1:]), "utf-8")
    data = _load(folder)
    assert [each.prompts["zh"] for each in data.examples] == [
        "Question: When was Y born? Answer: 1931 Question: Y何时出生？ Answer:"
    ]
    assert data.notes == ("Read 2 edits of MzsRE.", "Left out 1 edit that lack a language (zh 1).")


def test_remakes_own_codes_become_iso_codes(mzsre: Write) -> None:
    data = _load(mzsre({"en": ITEMS["en"], "cs": ITEMS["de"]}, names={"cs": "cz"}), languages=("cs",))
    assert data.examples[0].answers == {"cs": "Anna"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}", "must be a list of items, not an object"),
        ("[3]", "item 1 must be an object, not a number"),
        ('[{"en": {"src": "a", "alt": "b"}}]', 'item 1 has no field "de"'),
        ('[{"en": {"src": "a"}, "de": {}}]', 'item 1, en has no field "alt"'),
        (
            '[{"en": {"src": "a", "alt": ""}, "de": {}}]',
            "item 1, en has an empty question or answer",
        ),
        (
            '[{"en": {"src": 1, "alt": "b"}, "de": {}}]',
            "item 1, en: src must be text, not a number",
        ),
        ("[", "is not JSON"),
    ],
)
def test_damaged_files_are_reported_by_item(mzsre: Write, content: str, words: str) -> None:
    folder = mzsre(ITEMS)
    (folder / "mzsre_test_duplicate_ende.json").write_text(content, "utf-8")
    with pytest.raises(InputError, match=words):
        _load(folder)


def test_a_doubled_item_is_refused(mzsre: Write) -> None:
    doubled = {code: [*rows, rows[0]] for code, rows in ITEMS.items()}
    with pytest.raises(InputError, match=r"has 'Who wrote \{X\}\?' twice"):
        _load(mzsre(doubled))


def test_a_text_no_table_can_hold_is_refused(mzsre: Write) -> None:
    items = {"en": ITEMS["en"], "de": [("Wer?", "\ud800"), ("Wann\0?", "1931")]}
    with pytest.raises(InputError, match="Example 1 in de has a text that contains half of a surrogate"):
        _load(mzsre(items))
    with pytest.raises(InputError, match="Example 2 in de has a text that contains a NUL"):
        _load(mzsre({**items, "de": [ITEMS["de"][0], items["de"][1]]}))


def test_without_data_it_says_where_they_are() -> None:
    with pytest.raises(InputError, match=r"data/MzsRE .* of github\.com/weixuan-wang123/ReMaKE"):
        load_task("ke-all-en", TaskOptions())
