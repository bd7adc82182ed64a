"""A mapping with three small files, which tests change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compute.tasks.mapped import look_alikes

MAPPING = """\
[data]
files = "data/{language}.jsonl"

[rows]
key = "number"

[example]
prompt = "{question} ="
choices = ["{one}", "{two}"]
answer = { column = "right", values = ["1", "2"] }
"""
QUESTIONS = {"en": ("two plus two", "one plus one"), "de": ("zwei plus zwei", "eins plus eins"),
             "sw": ("mbili na mbili", "moja na moja")}  # fmt: skip

Write = Callable[..., Path]


def rows(code: str) -> list[dict[str, object]]:
    return [
        {"number": i, "question": question, "one": f"{code} four", "two": f"{code} two", "right": i}
        for i, question in enumerate(QUESTIONS[code], 1)
    ]


@pytest.fixture
def mapping(tmp_path: Path) -> Write:
    """Write mine.toml with changes of its text, and its three files."""
    for code in QUESTIONS:
        look_alikes.jsonl(tmp_path / "data" / f"{code}.jsonl", rows(code))

    def write(*changes: tuple[str, str], text: str = MAPPING) -> Path:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        return look_alikes.write(tmp_path / "mine.toml", text)

    return write
