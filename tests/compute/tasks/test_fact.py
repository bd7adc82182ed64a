"""Facts are aligned by lineid, and asked for by templates that are good."""

from pathlib import Path

import pytest

from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError
from tests.compute.tasks.layouts import Write

EN = ["[Y] is the capital of [X]", "[X]'s capital, [Y]", "the capital of [X] is [Y]", "[X] has [Y]"]
FR = [
    "la majuscule de [X] est [Y]",
    "la capitale de [X] est [Y]",
    "[X] a la capitale [Y]",
    "[X] a [Y]",
]
HANS = ["[X] 的首都是 [Y]", "[X]的首都是[Y]", "[X]：[Y]", "[X]： [Y]", "[X] 的资本是 [Y]"]
HANT = ["[X]，它有資本[Y]", "[X] 首都 [Y]", "[X] 的首都， [Y]", "[X]，首都[Y]"]
TUPLES = {
    "en": {7: ("France", "Paris"), 3: ("eSwatini", "Mbabane"), 9: ("Peru", "Lima")},
    "fr": {3: ("Eswatini", "Mbabane"), 7: ("France", "Paris"), 8: ("Chili", "Santiago")},
    "zh-hans": {7: ("法国", "巴黎")},
    "zh-hant": {3: ("史瓦帝尼", "墨巴本"), 7: ("法國", "巴黎")},
}
PATTERNS = {"en": EN, "fr": FR, "zh-hans": HANS, "zh-hant": HANT}


def _load(data: Path, **options: object) -> TaskData:
    return load_task("fact", TaskOptions(data=data, **options))


def test_one_example_is_a_tuple_with_the_kth_good_template(mpararel: Write) -> None:
    data = _load(mpararel(PATTERNS, TUPLES))
    assert (data.task, data.setting, data.n_shots) == ("fact", None, 0)
    assert data.languages == ("en", "fr", "zh")
    assert [(each.id, each.cluster) for each in data.examples] == [
        ("P36-3-0", "P36-3"),
        ("P36-7-0", "P36-7"),
        ("P36-3-1", "P36-3"),
        ("P36-7-1", "P36-7"),
        ("P36-3-2", "P36-3"),
        ("P36-7-2", "P36-7"),
    ]
    assert [each.prompts["en"] for each in data.examples] == [
        "The capital of eSwatini is",
        "The capital of France is",
        "eSwatini has",
        "France has",
        "eSwatini's capital,",
        "France's capital,",
    ]
    assert [each.prompts["fr"] for each in data.examples[1::2]] == [
        "La capitale de France est",
        "France a la capitale",
        "France a",
    ]
    assert data.examples[1].answers == {"en": "Paris", "fr": "Paris", "zh": "巴黎"}
    assert not data.examples[1].choices


def test_chinese_is_simplified_else_traditional_with_its_own_templates(mpararel: Write) -> None:
    data = _load(mpararel(PATTERNS, TUPLES))
    assert [each.prompts["zh"] for each in data.examples if each.cluster == "P36-7"] == [
        "法国 的首都是",
        "法国的首都是",
        "法国：",
    ]
    assert [each.prompts["zh"] for each in data.examples if each.cluster == "P36-3"] == [
        "史瓦帝尼 首都",
        "史瓦帝尼，首都",
        "史瓦帝尼 的首都，",
    ]
    assert data.examples[0].joiner("zh") == ""


def test_one_chinese_script_can_be_asked_for(mpararel: Write) -> None:
    data = _load(mpararel(PATTERNS, TUPLES), languages=("en", "zh-hans"))
    assert {each.cluster for each in data.examples} == {"P36-7"}
    assert data.languages == ("en", "zh")
    assert data.notes[-1] == "Chinese (zh) is the simplified folder only, as requested."
    other = _load(mpararel(PATTERNS, TUPLES), languages=("en", "zho_Hant"))
    assert {each.cluster for each in other.examples} == {"P36-3", "P36-7"}
    assert other.languages == ("en", "zh-Hant")


def test_what_was_left_out_is_counted(mpararel: Write) -> None:
    notes = _load(mpararel(PATTERNS, TUPLES)).notes
    assert notes == (
        "Read 4 tuples of mParaRel P36; 2 are aligned over 3 languages.",
        "One example is a tuple with one of 3 templates: 6 examples.",
        "Left out 2 tuples that lack a language (en 1, fr 1, zh 2).",
        "Left out 3 templates known to be mistranslated.",
    )


def test_a_language_with_too_few_good_templates_is_named(mpararel: Write) -> None:
    patterns = {"en": EN, "fr": [*FR[:2], "[Y], la capitale de [X]"]}
    with pytest.raises(InputError, match=r"fewer than 3 valid templates that end in \[Y\] in fr;"):
        _load(mpararel(patterns, TUPLES))


def test_facts_that_are_not_the_same_are_refused(mpararel: Write) -> None:
    root = mpararel(PATTERNS, TUPLES)
    path = root / "tuples" / "fr" / "P36.jsonl"
    path.write_text(path.read_text("utf-8").replace("Q70", "Q71"), "utf-8")
    with pytest.raises(InputError, match="lineid 7 of mParaRel is not the same fact in all languages"):
        _load(root)


def test_languages_without_a_common_fact_are_reported(mpararel: Write) -> None:
    tuples = {"en": {1: ("a", "b")}, "fr": {2: ("c", "d")}}
    with pytest.raises(InputError, match="No example of fact has all of en, fr"):
        _load(mpararel({"en": EN, "fr": FR}, tuples))


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("patterns", '{"pattern": 3}', "line 1: pattern must be text, not a number"),
        ("patterns", '{"text": "x"}', 'line 1 has no field "pattern"'),
        ("tuples", '{"sub_label": "a"}', 'line 1 has no field "obj_label"'),
        ("tuples", "[]", "line 1 must be an object, not a list"),
        (
            "tuples",
            '{"sub_label":"a","obj_label":"b","sub_uri":"c","obj_uri":"d","lineid":"1"}',
            "line 1 has no unique lineid",
        ),
        (
            "tuples",
            '{"sub_label":"a","obj_label":"b","sub_uri":"c","obj_uri":"d","lineid":1e999}',
            "line 1 has no unique lineid",
        ),
    ],
)
def test_damaged_files_are_reported_by_line(mpararel: Write, file: str, content: str, words: str) -> None:
    root = mpararel(PATTERNS, TUPLES)
    (root / file / "fr" / "P36.jsonl").write_text(content, "utf-8")
    with pytest.raises(InputError, match=words):
        _load(root)


def test_without_data_it_says_where_they_are() -> None:
    with pytest.raises(InputError, match=r"github\.com/coastalcph/mpararel and pass it as --data"):
        load_task("fact", TaskOptions())


def test_a_folder_without_facts_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Found no mParaRel under"):
        _load(tmp_path)
