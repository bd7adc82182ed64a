"""Texts of a corpus from files of every format, and one sentence with file and line for what cannot be read."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neurontui.compute.tasks.corpus.corpus import Corpus
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_corpus, load_task
from neurontui.store.errors import InputError, UsageError

TEXTS = ["Guten Tag.", "Wie geht es? Gut; danke, „sehr“ gut.", "Ende"]


def corpus(data: Path, **options: object) -> Corpus:
    return load_corpus(TaskOptions(data=data, **options))


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


LINES = "\n".join(TEXTS)
ROWS = "".join(json.dumps({"text": text, "meta": {"n": 1}}) + "\n" for text in TEXTS)
CSV = 'id,text\n1,Guten Tag.\n2,"Wie geht es? Gut; danke, „sehr“ gut."\n3,Ende\n'
FORMATS = {
    "de.txt": LINES, "deu_Latn.dev": LINES + "\n", "DE.txt.gz": gzip.compress(LINES.encode()),
    "de.bom.txt": b"\xef\xbb\xbf" + LINES.encode(), "de.crlf.txt": LINES.replace("\n", "\r\n\r\n"),
    "de.utf16.txt": LINES.encode("utf-16"), "de.jsonl": ROWS, "de.json": json.dumps(TEXTS),
    "de.jsonl.gz": gzip.compress(ROWS.encode()), "de.csv": CSV, "de/part-1.tsv": CSV.replace('"', "").replace(
        "1,", "1\t").replace("2,", "2\t").replace("3,", "3\t").replace("id,", "id\t"),
    "all.jsonl": "".join(json.dumps({"sentence": text, "language": "deu"}) + "\n" for text in TEXTS),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_every_format_has_the_same_texts(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, FORMATS[name])
    read = corpus(tmp_path)
    assert (read.languages, list(read.texts("de"))) == (("de",), TEXTS)
    assert read.n_characters == {"de": sum(map(len, TEXTS))}
    assert read.digest == corpus(write(tmp_path / "plain" / "de.txt", LINES).parent).digest


def test_a_parquet_file_is_read_by_its_columns(tmp_path: Path) -> None:
    table = pa.table({"content": [*TEXTS, "Hello"], "language": ["de", "de", "de", "en"], "other": [1, 2, 3, 4]})
    pq.write_table(table, tmp_path / "texts.parquet")
    read = corpus(tmp_path / "texts.parquet")
    assert (read.languages, list(read.texts("de")), list(read.texts("en"))) == (("en", "de"), TEXTS, ["Hello"])


def test_files_of_one_language_follow_one_another(tmp_path: Path) -> None:
    write(tmp_path / "de" / "b.txt", "drei\nvier")
    write(tmp_path / "de" / "a.txt", "eins\nzwei\n")
    write(tmp_path / "de.txt", "null")
    assert list(corpus(tmp_path).texts("de")) == ["null", "eins", "zwei", "drei", "vier"]


def test_a_limit_is_one_of_texts_of_each_language(tmp_path: Path) -> None:
    write(tmp_path / "de.txt", LINES)
    write(tmp_path / "en.txt", "one")
    read = corpus(tmp_path, limit=2)
    assert (list(read.texts("de")), read.total) == (TEXTS[:2], 3)
    assert read.notes[:2] == (
        "Read 3 texts: en 1, de 2.",
        "Used the first 2 texts of each language, as requested.",
    )
    assert read.digest != corpus(tmp_path).digest


def test_with_a_limit_the_rest_of_a_text_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "de.txt", LINES.encode() + b"\nmore\n\x00\n")
    with pytest.raises(InputError, match="line 5"):
        corpus(tmp_path)
    read = corpus(tmp_path, limit=3)
    assert list(read.texts("de")) == TEXTS
    assert "Used the first 3 texts of each language, as requested." in read.notes


def test_the_sample_of_a_corpus_is_its_first_texts(tmp_path: Path) -> None:
    write(tmp_path / "de.txt", LINES)
    write(tmp_path / "en.txt", "one\ntwo")
    sample = load_task("corpus", TaskOptions(data=tmp_path))
    assert [dict(example.prompts) for example in sample.examples] == [
        {"en": "one", "de": TEXTS[0]},
        {"en": "two", "de": TEXTS[1]},
    ]


BAD = {
    "a name that is no language": ("notes.txt", "one", "notes.txt: 'notes.txt' does not begin with a language"),
    "no text": ("de.jsonl", '{"id": 1}\n', r"de.jsonl, line 1: there is no text; its columns are id"),
    "no language": ("texts.csv", "text\none\n", "texts.csv, line 2: there is no language"),
    "a bad encoding": ("de.txt", b"one\nz\xff\n", "de.txt, line 2: the text is not UTF-8"),
    "a NUL character": ("de.txt", b"one\n\nz\x00\n", "de.txt, line 3: the text contains a NUL character"),
    "a number": ("de.jsonl", '{"text": 3}\n', "de.jsonl, line 1: the text must be text, not a number"),
    "invalid JSON": ("de.jsonl", '{"text": "a"}\n{"text"\n', "de.jsonl, line 2: is not JSON"),
    "a row that is too long": ("de.csv", "text\na,b\n", "de.csv, line 2: there are 2 cells for 1 columns"),
    "a damaged gzip file": ("de.txt.gz", gzip.compress(LINES.encode())[:-9], "damaged or incomplete gzip"),
    "a damaged Parquet file": ("de.parquet", b"PAR1 and more", "is not a Parquet file"),
    "a packed file": ("de.txt", b"\xfd7zXZ\0....", "packed with xz"),
    "no text at all": ("de.txt", "\n \n", "contains no text"),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, fault: str) -> None:
    name, content, words = BAD[fault]
    write(tmp_path / name, content)
    with pytest.raises(InputError, match=words) as raised:
        corpus(tmp_path)
    assert "\n" not in str(raised.value)


def test_a_folder_without_texts_and_a_missing_language_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "readme.md", "about")
    with pytest.raises(InputError, match="contains no texts; a corpus has a file for each language"):
        corpus(tmp_path)
    write(tmp_path / "de.txt", LINES)
    with pytest.raises(InputError, match="has no fr; its languages are de"):
        corpus(tmp_path, languages=("fr",))
    with pytest.raises(UsageError, match="names de twice"):
        corpus(tmp_path, languages=("de", "deu"))
    with pytest.raises(InputError, match="pass --data with a folder"):
        load_task("corpus", TaskOptions())
