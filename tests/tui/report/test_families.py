"""The report's part on related languages, where nobody knows the languages."""

from pathlib import Path

from neurontui.queries import open_results
from neurontui.tui.report.model import Table, Text
from neurontui.tui.report.run import read_run
from neurontui.tui.report.sections.languages import by_family
from tests.queries.raw_run import make_run, write_runs


def _block(path: Path, codes: tuple[str, ...]) -> Table | Text:
    with open_results(write_runs(path, make_run(1, "run", codes))) as results:
        block = by_family(results, read_run(results, results.runs().to_pylist()[0]))
    assert isinstance(block, Table | Text)
    return block


def test_languages_that_nobody_knows_are_not_compared(tmp_path: Path) -> None:
    unknown = _block(tmp_path / "unknown.duckdb", ("aaa-b", "xx", "yyy"))
    assert isinstance(unknown, Text)
    assert "have a known family" in unknown.text
    some = _block(tmp_path / "some.duckdb", ("en", "de", "fr", "xx"))
    assert isinstance(some, Table)
    assert "whose family is not known are left out" in (some.caption or "")
