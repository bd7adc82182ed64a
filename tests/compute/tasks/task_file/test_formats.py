"""The formats that people have their prompts in: read, or refused by name."""

import bz2
import codecs
import gzip
import json
import lzma
import pickle
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.compute.tasks.example import Example, TaskData, TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.task_file.formats import stream
from neurontui.compute.tasks.task_file.reader import check_task_file
from neurontui.store.errors import InputError

RECORDS: list[dict[str, Any]] = [
    {
        "id": "a",
        "prompts": {"en": "One, two", "de": "Eins „zwei“"},
        "answers": {"en": "x", "de": "y"},
    },
    {"id": "b", "prompts": {"en": "Three\nfour", "de": "ü"}, "answers": {"en": "z", "de": "w"}},
]
EXAMPLES = tuple(Example(each["id"], each["id"], each["prompts"], each["answers"]) for each in RECORDS)
LINES = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in RECORDS)
TABLE = 'id,en,de,answer_en,answer_de\na,"One, two",Eins „zwei“,x,y\nb,"Three\nfour",ü,z,w\n'


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # with the time in it, workers would name the tests differently


def _load(path: Path, **options: Any) -> TaskData:
    assert check_task_file(path, options.get("languages")) == []
    return load_task(str(path), TaskOptions(**options))


PRETTY = json.dumps(RECORDS[0], indent=2) + "\n" + json.dumps(RECORDS[1], indent=2) + "\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("my.jsonl", LINES.encode()),
        ("my.ndjson", LINES.replace("\n", "\r\n").encode()),
        ("my.jsonl", LINES.encode("utf-8-sig")),
        ("my.jsonl", LINES.encode("utf-16")),
        ("my.jsonl", codecs.BOM_UTF16_BE + LINES.encode("utf-16-be")),
        ("my.jsonl", LINES.encode("utf-32")),
        ("my.jsonl.gz", _gzip(LINES.encode())),
        ("my.gz", _gzip(LINES.encode())),
        ("my.jsonl", _gzip(LINES.encode("utf-16"))),
        ("my.json", json.dumps(RECORDS).encode()),
        ("my.json", json.dumps(RECORDS, indent=4).encode("utf-8-sig")),
        ("my.json.gz", _gzip(json.dumps(RECORDS, indent=1).encode())),
        ("my.jsonl", json.dumps(RECORDS, indent=1).encode()),
        ("my.json", PRETTY.encode()),
        ("my.csv", TABLE.encode()),
        ("my.csv", TABLE.encode("utf-8-sig")),
        ("my.csv", TABLE.replace(",", ";").replace("One;", "One,").encode()),
        ("my.CSV.gz", _gzip(TABLE.encode())),
        ("my.csv", LINES.encode()),
        ("my.tsv", b"id\tprompts.en\tprompts.de\tanswers.en\tanswers.de\n"
         + "a\tOne, two\tEins „zwei“\tx\ty\nb\t\"Three\nfour\"\tü\tz\tw\n".encode()),
        ("my.tsv", "ID\tprompt_en\tprompt_de\tanswer_en\tanswer_de\r\na\tOne, two\tEins „zwei“\tx\ty\r\n"
         "b\t\"Three\nfour\"\tü\tz\tw\r\n".encode("utf-16")),
    ],
)  # fmt: skip
def test_a_format_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    data = _load(path)
    assert data.task == "my"
    assert data.languages == ("en", "de")
    assert data.examples == EXAMPLES


def test_one_pretty_object_is_one_example(tmp_path: Path) -> None:
    path = tmp_path / "my.json"
    path.write_text(json.dumps(RECORDS[0], indent=2))
    assert _load(path).examples == EXAMPLES[:1]


def test_whole_numbers_are_ids_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    ids = [7, 0, 12345678901234567890123, -3]
    lines = [{"id": each, "prompts": {"en": "x"}, "cluster": each % 2} for each in ids]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    data = _load(path)
    assert [each.id for each in data.examples] == [str(each) for each in ids]
    assert [each.cluster for each in data.examples] == ["1", "0", "1", "1"]


def test_a_number_and_the_same_text_are_the_same_id(tmp_path: Path) -> None:
    path = tmp_path / "my.jsonl"
    path.write_text('{"id": 7, "prompts": {"en": "x"}}\n{"id": "7", "prompts": {"en": "y"}}\n')
    assert [each.message for each in check_task_file(path)] == ["is the same as in line 1"]


def test_labels_count_the_choices_of_their_language(tmp_path: Path) -> None:
    record = {
        "id": 1,
        "prompts": {"en": "x", "de": "y"},
        "choices": {"en": ["yes", "no"], "de": ["ja", "nein"]},
        "answers": {"en": 1, "de": 0},
    }
    path = tmp_path / "my.jsonl"
    path.write_text(json.dumps(record))
    assert _load(path).examples[0].answers == {"en": "no", "de": "ja"}


def test_a_table_may_have_choices_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    header = "id,cluster,answer_language,prompt_tha_Thai,choices_th,answer_th,note,\n"
    rows = ['1,c,en,x,"[""0"", ""1""]",1,n,\n', '2,,,y,"[""a"", ""b""]",1,,\n', ",,,,,,,\n"]
    path.write_text(header + "".join(rows))
    data = _load(path)
    first, second = data.examples
    assert first == Example("1", "c", {"th": "x"}, {"th": "1"}, {"th": ("0", "1")}, "en")
    assert second == Example("2", "2", {"th": "y"}, {"th": "b"}, {"th": ("a", "b")})
    assert "Fields that were not used: note." in data.notes


def test_an_empty_cell_is_a_prompt_that_is_lacking(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("id,en,de\n1,a,b\n2,,c\n")
    problems = check_task_file(path)
    assert [(each.line, each.field) for each in problems] == [(3, "prompts.en")]
    assert [each.id for each in _load(path, languages=("en", "de")).examples] == ["1"]
    assert [each.id for each in _load(path, languages=("de",)).examples] == ["1", "2"]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("id,en\n1,a,b\n", 2, "has 3 cells, but the header has 2 columns"),
        ('id,en\n1,"a\nb"\n2,"c\n', 4, "check for an unclosed quote"),
        ('id,en\n1,"a" b\n', 2, "check for an unclosed quote"),
        ("number,en\n1,a\n", 1, "is a header without a column id; its columns are number, en"),
        ("id,question,set\n1,a,b\n", 1, "is a header without a column of prompts, such as prompt_en"),
        ("id,language,prompt\n1,en,a\n", 1, "one language per row; use one example per row"),
        ("id,en,en\n1,a,b\n", 1, "has two columns for 'en'; keep one"),
        ("id,prompt_en,prompts.en\n1,a,b\n", 1, "has two columns for 'prompt_en'; keep one"),
        ("id,prompt_en,prompt_EN\n1,a,b\n", 2, "is the same language as prompts.en"),
        ("id,prompt_en,prompt_length\n1,a,9\n", 1, "'length' is not a known language code"),
        ("id,prompt_en,prompt_len\n1,a,9\n", 2, "has the number 9 as prompt in 'len'"),
        ("no,id,en\n1,x,a\n", 2, "has the number 1 as prompt in 'no'"),
        ("id,en,answer_fr\n1,a,b\n", 2, "is for a language without a prompt"),
        ('id,en,choices_en\n1,a,yes|no\n', 2, "choices in en that are not a JSON list"),
        ('id,en,choices_en,answer_en\n1,a,"[""x""]",1\n', 2, "is the number 1, but the 1 choices"),
        ("id,en,answer\n1,a,b\n", 2, "is not a field; did you mean 'answers'?"),
        ("id,en\n", 1, "contains no example"),
        ("", 1, "contains no example"),
    ],
)  # fmt: skip
def test_a_fault_of_a_table_names_its_line(tmp_path: Path, content: str, line: int, words: str) -> None:
    path = tmp_path / "my.csv"
    path.write_text(content)
    problems = check_task_file(path)
    assert [each.line for each in problems] == [line]
    assert words in problems[0].message
    with pytest.raises(InputError, match=f"my.csv, line {line}: "):
        load_task(str(path), TaskOptions())


def test_a_column_that_only_begins_with_a_language_is_no_prompt(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_text("id,en,is_correct,set,source\n1,a,true,x,y\n")
    data = _load(path)
    assert data.languages == ("en",)
    assert "Fields that were not used: is_correct, set, source." in data.notes


def test_bytes_that_are_not_utf_8_are_named_by_their_line(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    path.write_bytes(b"id,en\n1,a\n2,\xff\n")
    assert [(each.line, each.field) for each in check_task_file(path)] == [(3, "line")]


@pytest.mark.parametrize(
    ("content", "line", "unit", "field", "words"),
    [
        ('[{"id": 1, "prompts": {"en": "x"}}, {"id": 2}]', 2, "item", "prompts", "is missing"),
        ("[1]", 1, "item", "line", "must be an object with id and prompts, not a number"),
        ("[]", 1, "line", "file", "contains no example"),
        ('[\n{"id": 1,\n"prompts": }]', 3, "line", "line", "is not JSON: Expecting value"),
        ('{\n "id": 1,\n "id": 2\n}', 1, "line", "line", "has the key 'id' twice"),
        ('{"id": 1, "prompts": {"en"\n{"id": 2, "prompts": {"en": "x"}}', 1, "line", "line",
         "is not JSON"),
    ],
)  # fmt: skip
def test_a_fault_of_a_list_names_its_item_or_line(
    tmp_path: Path, content: str, line: int, unit: str, field: str, words: str
) -> None:
    path = tmp_path / "my.json"
    path.write_text(content)
    problem = check_task_file(path)[0]
    assert (problem.line, problem.unit, problem.field) == (line, unit, field)
    assert words in problem.message
    with pytest.raises(InputError, match=f"my.json, {unit} {line}: {field} "):
        load_task(str(path), TaskOptions())


def _parquet(path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"id": ["a"]}), path)


def _feather(path: Path) -> None:
    pyarrow.feather.write_feather(pa.table({"id": ["a"]}), str(path))


def _workbook(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("my.jsonl", LINES)


def _sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (id TEXT)")
    connection.close()


def _duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE t (id VARCHAR)")


def _bytes(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("my.parquet", _parquet, "is a Parquet file; save it as JSON Lines"),
        ("my.jsonl", _parquet, "is a Parquet file; save it as JSON Lines"),
        ("my.feather", _feather, "is an Arrow file"),
        ("my.xlsx", _workbook, "is an Excel workbook; save the sheet as CSV UTF-8"),
        ("my.zip", _zip, "is a zip archive; unpack it first"),
        ("my.db", _sqlite, "is an SQLite database; export the table as CSV"),
        ("my.duckdb", _duckdb, "is a DuckDB database"),
        ("my.jsonl.bz2", _bytes(bz2.compress(LINES.encode())), "is packed with bzip2"),
        ("my.jsonl.xz", _bytes(lzma.compress(LINES.encode())), "is packed with xz"),
        ("my.jsonl.zst", _bytes(b"\x28\xb5\x2f\xfd\x04"), "is packed with zstandard"),
        ("my.pkl", _bytes(pickle.dumps(RECORDS)), "is a pickle; save it as JSON Lines"),
        ("my.yaml", _bytes(b"- id: a\n"), "is YAML; save it as JSON Lines"),
        ("my.txt", _bytes(b"The capital of France is\n"), "is plain text; save it as JSON Lines"),
        ("my.xml", _bytes(b"<tmx/>"), "is XML or HTML"),
        ("my.jsonl", _bytes(b"version https://git-lfs.github.com/spec/v1\n"), "`git lfs pull`"),
        ("my.jsonl", _bytes(LINES.encode("utf-16-le")), "UTF-16 or UTF-32 text without a byte"),
        ("my.jsonl", _bytes(codecs.BOM_UTF16_LE + b"\x00\xd8"), "has a UTF-16 byte order mark but is not"),
        ("my.jsonl.gz", _bytes(_gzip(LINES.encode())[:-20]), "damaged or incomplete gzip file"),
        ("my.jsonl.gz", _bytes(b"\x1f\x8b\x08garbage garbage"), "damaged or incomplete gzip file"),
    ],
)
def test_another_format_is_refused_by_name(
    tmp_path: Path, name: str, write: Callable[[Path], None], words: str
) -> None:
    write(tmp_path / name)
    for attempt in (check_task_file, lambda path: load_task(str(path), TaskOptions())):
        with pytest.raises(InputError) as refused:
            attempt(tmp_path / name)
        assert words in str(refused.value)
        assert str(tmp_path / name) in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_folder_of_datasets_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "dataset_info.json").write_text("{}")
    with pytest.raises(InputError, match="is a folder saved by `datasets`; write it with to_json"):
        load_task(str(tmp_path), TaskOptions())


@pytest.mark.parametrize("content", [json.dumps(RECORDS).encode(), PRETTY.encode(), LINES.encode("utf-16")])
def test_what_must_be_read_whole_has_a_largest_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(stream, "MAX_WHOLE", 100)
    path = tmp_path / "my.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"is larger than \d+ MiB; files of this size must be JSON Lines"):
        load_task(str(path), TaskOptions())


def test_lines_have_no_largest_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_WHOLE", 100)
    (tmp_path / "my.jsonl").write_text(LINES)
    (tmp_path / "my.csv").write_text(TABLE)
    for name in ("my.jsonl", "my.csv"):
        assert _load(tmp_path / name).examples == EXAMPLES


CELLS = st.text(st.sampled_from('ab",;\n\t\r\0é1'), max_size=6)
ROWS = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=4).map("\n".join)
HEADERS = st.sampled_from(["id,en,de\n", "id;prompt_en\n", "id\ten\n", "", "id,en,choices_en\n"])


@given(st.builds(str.__add__, HEADERS, ROWS).map(str.encode) | st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_table_is_checked_and_an_accepted_one_loads(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        problems = check_task_file(path)
    except InputError:
        return
    assert all(each.line >= 1 and (each.field + each.message).isprintable() for each in problems)
    if problems:
        with pytest.raises(InputError, match="neurontui check"):
            load_task(str(path), TaskOptions())
    else:
        assert load_task(str(path), TaskOptions()).examples
