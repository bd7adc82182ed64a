"""A user's own mapping: formats of files, ways to find languages, texts by language."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neurontui.compute.demo import TASKS, demo_task
from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError
from tests.compute.tasks.mapped import look_alikes
from tests.compute.tasks.mapped.conftest import QUESTIONS, Write, rows


def load(path: Path, **options: object) -> TaskData:
    return load_task(str(path), TaskOptions(**options))  # type: ignore[arg-type]


def test_all_languages_of_the_files_are_joined_by_the_key(mapping: Write) -> None:
    data = load(mapping())
    assert data.task == "mine"
    assert data.languages == ("en", "de", "sw")
    assert [dict(example.prompts) for example in data.examples] == [
        {"en": "two plus two =", "de": "zwei plus zwei =", "sw": "mbili na mbili ="},
        {"en": "one plus one =", "de": "eins plus eins =", "sw": "moja na moja ="},
    ]
    assert data.examples[1].answers == {"en": "en two", "de": "de two", "sw": "sw two"}
    assert data.examples[0].choices["de"] == ("de four", "de two")
    assert [example.cluster for example in data.examples] == ["1", "2"]


@pytest.mark.parametrize("name", TASKS)
def test_a_task_file_as_a_mapping_is_the_same_run(name: str, mapping: Write, tmp_path: Path) -> None:
    """The digest of the examples is what a run's key depends on."""
    task = load(demo_task(name))
    for code in task.languages:
        table = [
            {"id": e.id, "cluster": e.cluster, "prompt": e.prompts[code], "answer": e.answers[code],
             "choices": "|".join(e.choices.get(code, ()))}
            for e in task.examples
        ]  # fmt: skip
        look_alikes.table(tmp_path / "demo" / f"{code}.csv", table)
    choices = 'choices = { column = "choices", separator = "|" }' if task.examples[0].choices else ""
    language = f'answer_language = "{task.examples[0].answer_language}"' if task.examples[0].answer_language else ""
    text = f"""
        [data]
        files = "demo/{{language}}.csv"
        [rows]
        key = "id"
        cluster = "cluster"
        [example]
        prompt = "{{prompt}}"
        answer = "{{answer}}"
        {choices}
        {language}
    """
    assert digest(load(mapping(text=text))) == digest(task)


def _tables(folder: Path, ending: str) -> None:
    for code in QUESTIONS:
        path = folder / "data" / f"{code}.{ending}"
        if ending == "parquet":
            look_alikes.parquet(path, rows(code))
        else:
            delimiter = "\t" if ending.startswith("tsv") else ","
            look_alikes.table(path, rows(code), delimiter, ending="\r\n")


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz", "tsv.gz", "parquet"])
def test_every_format_gives_the_same_examples(ending: str, mapping: Write, tmp_path: Path) -> None:
    expected = digest(load(mapping()))
    _tables(tmp_path, ending)
    assert digest(load(mapping(("jsonl", ending.removesuffix(".gz"))))) == expected


def test_byte_order_marks_carriage_returns_and_gzip_change_nothing(mapping: Write, tmp_path: Path) -> None:
    expected = digest(load(mapping()))
    folder = tmp_path / "data"
    en, de, sw = (folder / f"{code}.jsonl" for code in QUESTIONS)
    en.write_bytes(b"\xef\xbb\xbf" + en.read_bytes())
    de.write_bytes(de.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "sw.jsonl.gz").write_bytes(gzip.compress(sw.read_bytes()))
    sw.unlink()
    assert digest(load(mapping())) == expected
    assert digest(load(mapping(), data=folder)) == expected, "the folder itself as --data"


def test_one_file_can_have_the_rows_of_all_languages(mapping: Write, tmp_path: Path) -> None:
    expected = digest(load(mapping()))
    mixed = [{"lang": code, **row} for pair in zip(*map(rows, QUESTIONS), strict=True) for code, row in
             zip(QUESTIONS, pair, strict=True)]  # fmt: skip
    look_alikes.table(tmp_path / "all.csv", mixed)
    own = mapping(('files = "data/{language}.jsonl"', 'files = "all.csv"\nlanguage_column = "lang"'))
    assert digest(load(own)) == expected
    assert load(own, languages=("sw", "EN")).languages == ("sw", "en")


@pytest.mark.parametrize("nested", [True, False])
def test_one_row_can_have_all_languages(nested: bool, mapping: Write, tmp_path: Path) -> None:
    expected = [dict(example.prompts) for example in load(mapping()).examples]
    texts = [dict(zip(QUESTIONS, pair, strict=True)) for pair in zip(*QUESTIONS.values(), strict=True)]
    wide = [
        {"number": i, **({"q": row} if nested else {f"q.{code}": text for code, text in row.items()})}
        for i, row in enumerate(texts)
    ]
    pq.write_table(pa.Table.from_pylist(wide), tmp_path / "wide.parquet")
    text = """
        [data]
        files = "wide.parquet"
        columns = { question = "q.{language}" }
        [example]
        prompt = "{question} ="
    """
    assert [dict(example.prompts) for example in load(mapping(text=text)).examples] == expected


def test_files_can_be_listed_by_language(mapping: Write) -> None:
    files = 'files = { deu_Latn = "data/de.jsonl", en = "data/en.jsonl" }'
    data = load(mapping(('files = "data/{language}.jsonl"', files)))
    assert data.languages == ("en", "de")
    assert data.examples[0].prompts["de"] == "zwei plus zwei ="


def test_each_language_can_have_its_own_texts(mapping: Write) -> None:
    own = (
        '{ de = "Wie viel ist {question}? Antwort:", default = "{question} =" }\n'
        'span = { de = "{question}", default = "{question}" }\nanswer_language = "eng_Latn"'
    )
    data = load(mapping(('"{question} ="', own)))
    assert data.examples[0].prompts == {
        "en": "two plus two =",
        "de": "Wie viel ist zwei plus zwei? Antwort:",
        "sw": "mbili na mbili =",
    }
    assert data.examples[0].spans["sw"] == "mbili na mbili"
    assert data.examples[0].answer_language == "en"


def test_choices_can_be_a_list_in_one_column(mapping: Write, tmp_path: Path) -> None:
    for code in QUESTIONS:
        listed = [{**row, "all": [row["one"], row["two"]]} for row in rows(code)]
        look_alikes.parquet(tmp_path / "data" / f"{code}.parquet", listed)
    expected = digest(load(mapping()))
    changes = (("jsonl", "parquet"), ('["{one}", "{two}"]', '{ column = "all" }'))
    assert digest(load(mapping(*changes))) == expected


def test_braces_of_the_data_are_no_columns(mapping: Write, tmp_path: Path) -> None:
    for code in QUESTIONS:
        look_alikes.jsonl(tmp_path / "data" / f"{code}.jsonl", [{**row, "question": "{one} {"} for row in rows(code)])
    data = load(mapping(('"{question} ="', '"{{{question}}} ="')))
    assert data.examples[0].prompts["en"] == "{{one} {} ="


def test_rows_without_a_key_are_joined_by_their_position(mapping: Write) -> None:
    data = load(mapping(('key = "number"', "")))
    assert [example.id for example in data.examples] == ["1", "2"]
    assert data.examples[1].prompts["sw"] == "moja na moja ="


def test_a_row_that_a_language_lacks_is_left_out_and_counted(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", rows("de")[1:])
    look_alikes.jsonl(tmp_path / "data" / "sw.jsonl", [rows("sw")[0], {**rows("sw")[1], "question": " "}])
    data = load(mapping(), languages=("en", "sw"))
    assert [example.id for example in data.examples] == ["1"]
    note = "Left out 1 example without a complete row in each language (no question in 1 row of sw)."
    assert note in data.notes
    with pytest.raises(
        InputError, match=r"No example of mine is complete in all of en, de, sw: .*no question in 1 row"
    ):
        load(mapping())


def test_examples_that_differ_where_they_must_not_are_left_out(mapping: Write, tmp_path: Path) -> None:
    many = [{"number": i, "question": "x", "one": "a", "two": "b", "right": 1, "topic": i} for i in range(30)]
    for code in QUESTIONS:
        look_alikes.jsonl(tmp_path / "data" / f"{code}.jsonl", many)
    look_alikes.jsonl(tmp_path / "data" / "sw.jsonl", [{**many[0], "topic": 9}, *many[1:]])
    data = load(mapping(('key = "number"', 'key = "number"\nsame = "topic"')))
    assert len(data.examples) == 29
    assert "Left out 1 example whose languages differ in topic." in data.notes


def test_faulty_rows_are_left_out_on_request(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", [rows("de")[0], {**rows("de")[1], "right": "3"}])
    data = load(mapping(('key = "number"', 'key = "number"\nskip_faulty = true')))
    assert [example.id for example in data.examples] == ["1"]
    assert any(
        "Left out 1 row with faults in de, the first one in de.jsonl, line 2: right is '3'" in n for n in data.notes
    )


def test_files_whose_names_are_no_languages_are_named(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "train-00.jsonl", rows("en"))
    data = load(mapping())
    assert data.languages == ("en", "de", "sw")
    assert any("no known language code: train-00.jsonl" in note for note in data.notes)


def test_own_names_of_languages_are_mapped(mapping: Write, tmp_path: Path) -> None:
    (tmp_path / "data" / "de.jsonl").rename(tmp_path / "data" / "german.jsonl")
    own = 'files = "data/{language}.jsonl"\nlanguages = { german = "deu_Latn", en = "en" }'
    assert load(mapping(('files = "data/{language}.jsonl"', own))).languages == ("en", "de")
