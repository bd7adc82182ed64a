"""XNLI comes out the same, whatever layout it was published in."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError
from tests.compute.tasks import layouts
from tests.compute.tasks.layouts import LABELS, ROWS

LAYOUTS = [layouts.official, layouts.all_languages, layouts.parquet, layouts.jsonl]


def _load(data: Path, **options: object) -> TaskData:
    return load_task("xnli", TaskOptions(data=data, **options))


def _unlabelled(root: Path) -> Path:
    layouts.xtreme(root / "mesh_xtreme")
    layouts.jsonl(root / "hkunlp_jsonl", {"en": ROWS["en"]})
    return root


@pytest.mark.parametrize("layout", [*LAYOUTS, _unlabelled])
def test_every_layout_gives_the_same_examples(layout: Callable[[Path], Path], tmp_path: Path) -> None:
    data = _load(layout(tmp_path / "xnli"))
    assert data.task == "xnli"
    assert data.setting is None
    assert data.languages == ("en", "de", "zh")
    assert digest(data) == digest(_load(layouts.jsonl(tmp_path / "reference")))


def test_prompts_answers_choices_and_clusters(tmp_path: Path) -> None:
    first, second, third = _load(layouts.official(tmp_path)).examples
    assert first.prompts == {
        "en": "Take the following as truth: It {rains}. Then the following statement: 'He said \"no\".' is "
        "'true', 'false', or 'inconclusive'?",
        "de": "Take the following as truth: Es regnet. Then the following statement: 'Er sagte „nein“.' is "
        "'true', 'false', or 'inconclusive'?",
        "zh": "Take the following as truth: 下雨了。 Then the following statement: '他说不。' is "
        "'true', 'false', or 'inconclusive'?",
    }
    answers = [set(each.answers.values()) for each in (first, second, third)]
    assert answers == [{"inconclusive"}, {"false"}, {"true"}]
    assert set(first.choices.values()) == {("true", "false", "inconclusive")}
    assert first.cluster == second.cluster != third.cluster
    assert [each.id for each in (first, second, third)] == ["1", "2", "3"]
    assert first.joiner("zh") == " ", "an English answer follows with a space"


def test_a_native_wrapper_asks_and_answers_in_the_prompts_language(tmp_path: Path) -> None:
    example = _load(layouts.jsonl(tmp_path), native_wrapper=True).examples[1]
    assert example.prompts["zh"] == (
        "请将以下内容视为事实：下雨了。 那么，以下陈述：'很干。'是'正确'、'错误'还是'无法确定'？"
    )
    assert example.answers == {"en": "false", "de": "falsch", "zh": "错误"}
    assert example.choices["de"] == ("wahr", "falsch", "unklar")
    assert example.joiner("zh") == ""


def test_every_label_word_stands_in_its_native_question(tmp_path: Path) -> None:
    columns = dict.fromkeys(["en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh"], ROWS["en"])
    example = _load(layouts.jsonl(tmp_path, columns), native_wrapper=True).examples[0]
    for code, prompt in example.prompts.items():
        assert ROWS["en"][0][0] in prompt
        assert ROWS["en"][0][1] in prompt
        assert all(f"'{word}'" in prompt for word in example.choices[code])
        assert len(set(example.choices[code])) == 3


def test_a_language_without_native_wrapper_is_reported(tmp_path: Path) -> None:
    data = layouts.jsonl(tmp_path, {"en": ROWS["en"], "sw": ROWS["en"]})
    with pytest.raises(InputError, match="no native wrapper for sw, only for en, de"):
        _load(data, native_wrapper=True, languages=("en", "sw"))


def test_the_papers_languages_are_the_default_and_others_by_name(tmp_path: Path) -> None:
    data = layouts.official(tmp_path, {"ar": ROWS["zh"], **ROWS})
    assert _load(data).languages == ("en", "de", "zh")
    assert _load(data, languages=("ar", "en")).languages == ("ar", "en")
    with pytest.raises(InputError, match="XNLI has no pt; its languages are en, de, zh, ar"):
        _load(data, languages=("en", "pt"))


def test_rows_that_lack_a_language_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = (layouts.official(tmp_path) / "xnli.test.tsv").read_text("utf-8").splitlines()
    without_second_german = [each for each in lines if "Es ist trocken." not in each]
    (tmp_path / "xnli.test.tsv").write_text("\n".join(without_second_german), "utf-8")
    data = _load(tmp_path)
    assert [each.id for each in data.examples] == ["1", "3"]
    assert data.notes == (
        "Read 3 examples of XNLI from xnli.test.tsv.",
        "Left out 1 example that lack a language (de 1).",
    )
    assert len(_load(tmp_path, languages=("en", "zh")).examples) == 3


def test_an_empty_cell_is_a_missing_language(tmp_path: Path) -> None:
    rows = {**ROWS, "de": [ROWS["de"][0], ("Es regnet.", "  "), ROWS["de"][2]]}
    assert [each.id for each in _load(layouts.jsonl(tmp_path, rows)).examples] == ["1", "3"]


def test_without_labels_there_are_no_answers_and_a_note_says_so(tmp_path: Path) -> None:
    data = _load(layouts.xtreme(tmp_path))
    assert all(not each.answers for each in data.examples)
    assert "have no labels" in data.notes[-1]


def test_a_third_column_is_the_label(tmp_path: Path) -> None:
    data = _load(layouts.xtreme(tmp_path, labels=LABELS))
    assert [each.answers["de"] for each in data.examples] == ["inconclusive", "false", "true"]


def test_labels_of_other_rows_are_refused(tmp_path: Path) -> None:
    layouts.xtreme(tmp_path / "tsv")
    layouts.jsonl(tmp_path / "labels", {"en": [ROWS["en"][1], ROWS["en"][0], ROWS["en"][2]]})
    with pytest.raises(InputError, match=r"Row 1 in en differs between .*test-de\.tsv .* and labels/en/test\.jsonl"):
        _load(tmp_path)


def test_editions_may_differ_in_white_space(tmp_path: Path) -> None:
    layouts.xtreme(tmp_path / "tsv")
    layouts.jsonl(tmp_path / "labels", {"en": [(f" {a} ", b.replace(" ", "  ")) for a, b in ROWS["en"]]})
    assert all(each.answers for each in _load(tmp_path).examples)


def test_labels_that_differ_between_languages_are_refused(tmp_path: Path) -> None:
    layouts.jsonl(tmp_path, {"en": ROWS["en"]})
    layouts.jsonl(tmp_path, {"de": ROWS["de"]}, [1, 2, 1])
    with pytest.raises(InputError, match="row 3 has another label in en than in de"):
        _load(tmp_path)


def test_files_of_different_length_are_refused(tmp_path: Path) -> None:
    layouts.xtreme(tmp_path, {"en": ROWS["en"], "de": ROWS["de"][:2]})
    with pytest.raises(InputError, match="2 rows in de, 3 in en"):
        _load(tmp_path)


@pytest.mark.parametrize("label", [3, -1, "maybe", None, True, 0.5])
def test_a_label_that_is_none_is_refused(tmp_path: Path, label: object) -> None:
    (tmp_path / "en").mkdir()
    row = {"premise": "a", "hypothesis": "b", "label": label}
    (tmp_path / "en" / "test.jsonl").write_text(json.dumps(row), "utf-8")
    with pytest.raises(InputError, match=r"line 1 has the label .*; there are 0 entailment"):
        _load(tmp_path)


def test_the_papers_edition_is_distinguished_from_its_neighbors(tmp_path: Path) -> None:
    layouts.xtreme(tmp_path / "xtreme" / "pawsx", {"en": ROWS["zh"]}, LABELS)
    layouts.xtreme(tmp_path / "xtreme" / "xnli", labels=LABELS)
    assert "It {rains}." in _load(tmp_path / "xtreme").examples[0].prompts["en"]


def test_two_editions_at_once_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        layouts.jsonl(tmp_path / name)
    with pytest.raises(InputError, match=r"both contain test\.jsonl; pass one of them as --data"):
        _load(tmp_path)


def test_one_file_can_be_named_itself(tmp_path: Path) -> None:
    path = layouts.official(tmp_path) / "xnli.test.tsv"
    assert len(_load(path).examples) == 3


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("xnli.test.tsv", b"language\tgold_label\n", "has no column sentence1"),
        ("xnli.test.tsv", b"", "has no column language"),
        ("test-en.tsv", b"one column\n", "line 1 has 1 columns"),
        ("test-en.tsv", b"a\t\xff\n", "line 1 is not UTF-8"),
        ("test-en.tsv", b"", "is empty"),
        ("en/test.jsonl", b'{"premise": "a"}', 'line 1 has no field "hypothesis"'),
        ("en/test.jsonl", b"{", "line 1 is not JSON"),
        ("en/test-0.parquet", b"PAR1 not really", "is not a Parquet file with premise"),
        ("all_languages/test-0.parquet", b"", "is not a Parquet file with premise"),
        ("notes.txt", b"", "Found no XNLI test split under"),
    ],
)
def test_damaged_files_are_reported_by_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        _load(tmp_path)


def test_a_parquet_file_of_something_else_is_reported(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    pq.write_table(pa.table({"text": ["a"], "label": [0]}), tmp_path / "en" / "test.parquet")
    with pytest.raises(InputError, match="is not a Parquet file with premise"):
        _load(tmp_path)
    pq.write_table(
        pa.table({"premise": ["a"], "hypothesis": ["b"], "label": [0]}),
        tmp_path / "en" / "test.parquet",
    )
    (tmp_path / "all_languages").mkdir()
    (tmp_path / "en" / "test.parquet").rename(tmp_path / "all_languages" / "test.parquet")
    with pytest.raises(InputError, match="Row 1 of all_languages has no translations by language"):
        _load(tmp_path)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file or folder .*nowhere"):
        _load(tmp_path / "nowhere")
