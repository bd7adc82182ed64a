"""Small data sets in the layouts they are published in, written by the tests themselves."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.compute.tasks.layouts import Write


@pytest.fixture
def real_data() -> Path:
    """The folder of real task data, or a skip that says so."""
    if not (folder := os.environ.get("NEURONTUI_DATA")):
        pytest.skip("NEURONTUI_DATA IS NOT SET: nothing was tried on real MzsRE, XNLI and mParaRel files")
    return Path(folder)


@pytest.fixture
def task_file(tmp_path: Path) -> Write:
    """Write a task file from objects, text or bytes, one a line."""

    def write(*lines: object, name: str = "my.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(_line(line) + b"\n" for line in lines))
        return path

    return write


@pytest.fixture
def mpararel(tmp_path: Path) -> Write:
    """Write P36 patterns and tuples; tuples map a lineid to (subject, city)."""

    def write(patterns: Mapping[str, list[str]], tuples: Mapping[str, Mapping[int, tuple[str, str]]]) -> Path:
        root = tmp_path / "mpararel_reviewed"
        for code in patterns:
            rows = [{"pattern": text, "checked-by-human": True} for text in patterns[code]]
            _jsonl(root / "patterns" / code / "P36.jsonl", rows)
            named = [
                {
                    "sub_uri": f"Q{lineid}",
                    "obj_uri": f"Q{lineid}0",
                    "obj_label": city,
                    "sub_label": subject,
                    "lineid": lineid,
                }
                for lineid, (subject, city) in tuples[code].items()
            ]
            _jsonl(root / "tuples" / code / "P36.jsonl", named)
        return root

    return write


@pytest.fixture
def mzsre(tmp_path: Path) -> Write:
    """Write MzsRE from {language: [(question, answer), …]} with English among them."""

    def write(
        items: Mapping[str, list[tuple[str, str]]],
        train: Mapping[str, list[str]] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Path:
        folder = tmp_path / "data" / "MzsRE"
        folder.mkdir(parents=True, exist_ok=True)
        for code in set(items) - {"en"}:
            name = (names or {}).get(code, code)
            rows = [
                {"en": _side(english), name: _side(other)}
                for english, other in zip(items["en"], items[code], strict=False)
            ]
            path = folder / f"mzsre_test_duplicate_en{name}.json"
            path.write_text(json.dumps(rows), encoding="utf-8")
        for code, lines in (train or {}).items():
            path = tmp_path / "data" / f"zsre_mend_train_{code}_10000.txt"
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return folder

    return write


def _side(pair: tuple[str, str]) -> dict[str, str]:
    return {
        "subject": "s",
        "src": pair[0],
        "alt": pair[1],
        "rephrase": "r",
        "loc": "l",
        "loc_ans": "a",
    }


def _line(line: object) -> bytes:
    if isinstance(line, bytes):
        return line
    return (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)).encode()


def _jsonl(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
