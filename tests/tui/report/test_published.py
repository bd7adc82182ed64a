"""The paper's tables beside a run's own: only for the very same model, task and setting, and digit for digit."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.queries import open_results
from neurontui.tui.report.model import Table
from neurontui.tui.report.published import as_printed
from neurontui.tui.report.run import read_run
from neurontui.tui.report.sections import effective_scores as effects
from tests.queries.raw_run import make_run
from tests.tui.report.stores import merge_runs

Write = Callable[..., Table]


@pytest.fixture
def scores(tmp_path: Path) -> Write:
    """Table 1 of a run of knowledge editing; changes are of its manifest."""

    def table(**changes: object) -> Table:
        one = make_run(
            4, "ke", ("en", "es", "tr", "xx"), task="ke", model="bigscience/bloomz-7b1", examples=6,
            sizes=(8, 8), conditions=(),
        )  # fmt: skip
        path = merge_runs(tmp_path / "ke.duckdb", one, **{"setting": "en-all", **changes})
        with open_results(path) as results:
            first = effects.tables(results, read_run(results, results.runs().to_pylist()[0]))[0]
        assert isinstance(first, Table)
        return first

    return table


def test_tables_1_and_3_stand_beside(scores: Write) -> None:
    table = scores()
    assert table.groups == (("", 2), ("this run", 4), ("paper", 5))
    shown = {}
    for row in table.rows:
        language = row[0].text or language  # noqa: F821 - it stands in the first row of its types
        shown[language, row[1].text[0]] = [cell.text for cell in row[6:]]
    assert shown["en", "A"] == ["Table 1", "1.85", "−0.94", "0.07", "0.36"]
    assert shown["en", "P"] == ["Table 1", "0.22", "−0.16", "1.2e−4", "1.9e−4"]
    assert shown["es", "S"] == ["Table 3", "0.01", "−0.01", "0.00", "–"]
    assert shown["tr", "A"] == ["Table 3", "0.82", "−0.51", "0.03", "–"]
    assert shown["xx", "A"] == ["–"] * 5


@pytest.mark.parametrize("change", [{"setting": "all-en"}, {"model": "bigscience/bloomz-3b"}, {"n_shots": 2}])
def test_other_settings_models_and_demonstrations_have_none(scores: Write, change: dict[str, object]) -> None:
    assert scores(**change).groups == ()


def test_digits_are_those_of_the_paper() -> None:
    shown = [as_printed(each) for each in (None, 0.0, 1.85, -0.9, 0.07, 1.2e-4, 5.8e-6)]
    assert shown == ["–", "0.00", "1.85", "−0.90", "0.07", "1.2e−4", "5.8e−6"]
