"""Faults of mappings and of their data: one sentence with file, line and field, and exit code 3."""

import gzip
import os
from pathlib import Path

import pytest

from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.mapped.load import check_mapped, load_mapped
from neurontui.store.errors import InputError
from tests.compute.tasks.mapped import look_alikes
from tests.compute.tasks.mapped.conftest import Write, rows


def sentence(path: Path, languages: tuple[str, ...] | None = None) -> str:
    """The error of a run, without the folder; `check` has the same fault first."""
    options = TaskOptions(languages=languages)
    with pytest.raises(InputError) as raised:
        load_mapped(path, options)
    text = str(raised.value)
    assert "\n" not in text
    assert _checked(path, options) == text
    return text.replace(f"{path.parent}/", "")


def _checked(path: Path, options: TaskOptions) -> str:
    """The first fault that `check` lists, or its error."""
    try:
        faults, data = check_mapped(path, options)
    except InputError as error:
        return str(error)
    assert data is None
    return str(faults[0]) if str(faults[0]).endswith("?") else f"{faults[0]}."


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'key = "number"',
            'key = "nummer"',
            "mine.toml, line 5: rows.key names the column 'nummer', which data/en.jsonl "
            "does not have; did you mean 'number'?",
        ),
        (
            "{question} =",
            "{passage} =",
            "mine.toml, line 8: example.prompt names the column 'passage', which "
            "data/en.jsonl does not have; its columns are number, question, one, two, right.",
        ),
        ('"right", values', '"left", values', "line 10: example.answer names the column 'left'"),
        (
            'key = "number"',
            'keys = "number"',
            "mine.toml, line 5: rows.keys is not a field of a mapping; did you mean key?",
        ),
        ("[rows]", "[row]", "mine.toml, line 4: row is not a field of a mapping; did you mean rows?"),
        ("{question} =", "{question =", "line 8: example.prompt has a single { or }"),
        ("{question} =", "{question!r} =", "line 8: example.prompt has ! or : within braces"),
        ("{question} =", "{} =", "line 8: example.prompt has empty braces"),
        ('prompt = "{question} ="\n', "", "line 7: example.prompt is missing"),
        (
            'choices = ["{one}", "{two}"]\n',
            "",
            "line 9: example.answer has values, which stand for choices, but there are no",
        ),
        ('["{one}", "{two}"]', '"{one}"', "line 9: example.choices must be a list of at least two templates"),
        ('["1", "2"]', '["1", "2", "3"]', "data/en.jsonl, line 1: right stands for one of 3 choices, but there are 2."),
        ('["1", "2"]', "[0, 1]", "data/en.jsonl, line 2: right is '2', but example.answer has the values 0, 1."),
        ('["{one}", "{two}"]', '["{one}", "{one}"]', "data/en.jsonl, line 1: example.choices contain 'en four' twice."),
        ('files = "data/{language}.jsonl"', "", "line 1: data.files is missing"),
        ('"data/{language}.jsonl"', '"data/all.jsonl"', "line 2: data.files must contain {language}, unless"),
        (
            '"data/{language}.jsonl"',
            '"text/{language}.jsonl"',
            "line 2: data.files is 'text/{language}.jsonl', but no file",
        ),
        (
            '"data/{language}.jsonl"',
            '{ en = "data/en.json" }',
            "line 2: data.files.en is data/en.json, which is not a file.",
        ),
        (
            '"data/{language}.jsonl"',
            '"data/{language}.jsonl"\nlanguages = ["en", "klingonish"]',
            "line 3: data.languages has 'klingonish', which is not a known language code.",
        ),
        (
            '"data/{language}.jsonl"',
            '"data/{language}.jsonl"\nlanguages = ["en", "EN"]',
            "has one language twice, as en and EN",
        ),
        (
            '"data/{language}.jsonl"',
            '"data/{language}.jsonl"\nhub = "a/b"',
            "data.languages is missing; list the languages of",
        ),
        (
            '"{question} ="',
            '{ en = "{question} =" }',
            "line 8: example.prompt has neither a value for de nor one for default.",
        ),
        ("[data]", "[data", "mine.toml, line 1: file is not TOML: Expected ']' at the end of a table declaration."),
        ("[data]", "run = 1\n[data]", "line 1: run is not a field of a mapping"),
        ("[data]\n", "[[run]]\n", "run is a table of a list of runs; measure it with `neurontui run FILE.toml`"),
    ],
)
def test_a_fault_of_the_mapping(old: str, new: str, words: str, mapping: Write) -> None:
    assert words in sentence(mapping((old, new)))


def test_a_language_that_the_data_lacks(mapping: Write) -> None:
    assert sentence(mapping(), ("en", "fr")) == "mine.toml, line 2: data.files has no fr; its languages are en, de, sw."


def test_a_duplicate_key(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", [*rows("de"), rows("de")[0]])
    assert sentence(mapping()) == "data/de.jsonl, line 3: number is the same as in line 1: 1."


def test_an_empty_key(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", [{**rows("de")[0], "number": None}])
    assert sentence(mapping()) == "data/de.jsonl, line 1: number is empty, but it is part of the key."


def test_text_that_is_not_utf_8(mapping: Write, tmp_path: Path) -> None:
    path = tmp_path / "data" / "de.jsonl"
    path.write_bytes(path.read_bytes().replace(b"eins plus", b"eins pl\xfcs"))
    text = sentence(mapping())
    assert text.startswith("data/de.jsonl, line 2: line is not UTF-8 (byte ")
    assert text.endswith(" is 0xfc); save the file as UTF-8.")


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_a_table_that_is_not_utf_8(ending: str, mapping: Write, tmp_path: Path) -> None:
    for code in ("en", "de"):
        path = tmp_path / "data" / f"{code}.{ending}"
        look_alikes.table(path, rows(code), "\t" if ending == "tsv" else ",")
    path.write_bytes(path.read_bytes().replace(b"eins plus", b"eins pl\xfcs"))
    assert f"data/de.{ending}, line 3: line is not UTF-8" in sentence(mapping(("jsonl", ending)))


def test_a_parquet_text_that_is_not_utf_8(mapping: Write, tmp_path: Path) -> None:
    for code in ("en", "de"):
        path = look_alikes.parquet(tmp_path / "data" / f"{code}.parquet", rows(code))
    raw = path.read_bytes()
    assert b"eins plus" in raw
    path.write_bytes(raw.replace(b"eins plus", b"eins pl\xfcs"))
    assert "data/de.parquet, row 2: row has a text that is not UTF-8" in sentence(mapping(("jsonl", "parquet")))


def test_a_broken_gzip_file(mapping: Write, tmp_path: Path) -> None:
    path = tmp_path / "data" / "de.jsonl"
    look_alikes.jsonl(path, [{**row, "noise": str(hash((row["number"], i)))} for row in rows("de") for i in range(99)])
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    (tmp_path / "data" / "de.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    text = sentence(mapping())
    assert "data/de.jsonl.gz, line " in text
    assert "file is a damaged or incomplete gzip file after line " in text


def test_a_damaged_parquet_file(mapping: Write, tmp_path: Path) -> None:
    for code in ("en", "de"):
        path = look_alikes.parquet(tmp_path / "data" / f"{code}.parquet", rows(code))
    path.write_bytes(path.read_bytes()[:-20])
    assert sentence(mapping(("jsonl", "parquet"))) == (
        "data/de.parquet: file is not a Parquet file, or is damaged or incomplete; copy it again."
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("number,question\n1,a,b\n", "line 2: line has 3 cells, but there are 2 columns."),
        ("number,question\n1,a\n2\n", "line 3: line has 1 cell, but there are 2 columns."),
        ("number,number\n1,a\n", "line 1: line has two columns 'number'; rename one."),
        ('number,question\n1,"a\n', "line 2: line is not a row of a table"),
        ("number,question\n", "file contains no row."),
    ],
)
def test_a_faulty_table(text: str, words: str, mapping: Write, tmp_path: Path) -> None:
    look_alikes.write(tmp_path / "data" / "de.csv", text)
    assert words in sentence(mapping(("jsonl", "csv")))


def test_a_list_where_a_text_is_needed(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", [{**rows("de")[0], "question": ["a"]}])
    assert sentence(mapping()) == "data/de.jsonl, line 1: question must be text or a number, not a list."


def test_different_numbers_of_rows_are_not_joined_by_position(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", rows("de")[1:])
    assert sentence(mapping(('key = "number"', ""))) == (
        "mine.toml, line 4: rows.key is missing, so rows are joined by their position, but there are 2 rows in en and "
        "1 in de; name the columns that identify a row."
    )


def test_files_that_are_not_parallel(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", rows("de")[::-1])
    text = sentence(mapping(('key = "number"', 'same = "number"')))
    assert text == (
        "data/de.jsonl, line 1: number is '2', but '1' in en.jsonl, line 1; so 2 of 2 examples differ, and the files "
        "are not parallel."
    )


def test_two_files_of_one_language(mapping: Write, tmp_path: Path) -> None:
    look_alikes.jsonl(tmp_path / "old" / "data" / "de.jsonl", rows("de"))
    assert "are both the file of de; pass the folder of one of them as --data." in sentence(mapping())
    (tmp_path / "old" / "data" / "de.jsonl").unlink()
    look_alikes.jsonl(tmp_path / "data" / "deu_Latn.jsonl", rows("de"))
    assert "data.files finds de and deu_Latn, which are the same language (de)" in sentence(mapping())


def test_all_faults_are_listed_up_to_a_limit(mapping: Write, tmp_path: Path) -> None:
    bad = [{**row, "right": "x"} for row in rows("de")]
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", bad)
    faults, data = check_mapped(mapping(), TaskOptions())
    assert data is None
    assert [(fault.number, fault.field) for fault in faults] == [(1, "right"), (2, "right")]
    look_alikes.jsonl(tmp_path / "data" / "de.jsonl", [{**bad[0], "number": i} for i in range(3000)])
    faults, _ = check_mapped(mapping(), TaskOptions())
    assert len(faults) == 1001
    assert faults[-1].message == "has more faults; the rest was not checked"


def test_a_pipe_is_not_waited_for(mapping: Write, tmp_path: Path) -> None:
    (tmp_path / "data" / "de.jsonl").unlink()
    os.mkfifo(tmp_path / "data" / "de.jsonl")
    assert "de.jsonl is not a regular file" in sentence(mapping())


def test_a_mapping_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Cannot read .*none\.toml: No such file"):
        load_mapped(tmp_path / "none.toml", TaskOptions())
    (tmp_path / "mine.toml").write_bytes(b'[data]\nfiles = "\xfc"\n')
    with pytest.raises(InputError, match=r"mine\.toml, line 2: file is not UTF-8"):
        load_mapped(tmp_path / "mine.toml", TaskOptions())
