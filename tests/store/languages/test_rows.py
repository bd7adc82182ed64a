"""Every language of every run has a row in `languages`."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from neurontui.store.admin.merge_files import combine
from neurontui.store.admin.remove import remove
from neurontui.store.languages.rows import language_row
from neurontui.store.merge.merge import merge
from tests.store.conftest import measure
from tests.store.made_up import MadeUp

OWN = MadeUp(languages=("th", "pt-BR", "zh-Hant", "xx"))


def _row(path: Path, code: str) -> tuple[Any, ...] | None:
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("SELECT * FROM languages WHERE code = ?", [code]).fetchall()
    assert len(found) <= 1
    return found[0] if found else None


ROWS = [
    ("th", "Thai", "Kra-Dai", "Tai", "Thai", None),
    ("pt-BR", "Portuguese (BR)", "Indo-European", "Romance", "Latn", None),
    ("zh-Hant", "Chinese (Hant)", "Sino-Tibetan", "Sinitic", "Hant", None),
    ("xx", "xx", "unknown", "unknown", "Zzzz", None),
]


def test_a_merge_adds_the_languages_that_the_reference_lacks(results: Path) -> None:
    merge(measure(OWN, results), results)
    assert [_row(results, row[0]) for row in ROWS] == ROWS


def test_combining_and_removing_another_run_keep_them(results: Path, tmp_path: Path) -> None:
    merge(measure(OWN, results), results)
    merge(measure(MadeUp(seed=9), results), results)
    remove(results, 2)
    assert [_row(results, row[0]) for row in ROWS] == ROWS
    combine([results], tmp_path / "both.duckdb")
    assert [_row(tmp_path / "both.duckdb", row[0]) for row in ROWS] == ROWS


def test_runs_of_older_files_get_theirs_when_they_are_combined(results: Path, tmp_path: Path) -> None:
    merge(measure(MadeUp(languages=("tha_Thai", "EN", "de")), results), results)
    with duckdb.connect(str(results)) as connection:
        connection.execute("DELETE FROM languages WHERE code IN ('tha_Thai', 'EN', 'de')")
    out = tmp_path / "both.duckdb"
    combine([results], out)
    assert _row(out, "tha_Thai") == ("tha_Thai", "Thai", "Kra-Dai", "Tai", "Thai", None)
    assert _row(out, "EN") == ("EN", "English", "Indo-European", "Germanic", "Latn", 30.3)


@pytest.mark.parametrize(
    ("code", "name", "family", "script"),
    [
        ("sr-Latn", "Serbian (Latn)", "Indo-European", "Latn"),
        ("en-formal", "English (formal)", "Indo-European", "Latn"),
        ("th-colloquial", "Thai (colloquial)", "Kra-Dai", "Thai"),
        ("mnw", "mnw", "unknown", "Mymr"),
    ],
)
def test_a_variety_has_the_family_of_its_language(code: str, name: str, family: str, script: str) -> None:
    row = language_row(code)
    assert (row.code, row.name, row.family, row.script) == (code, name, family, script)
    assert row.bloom_share is None
