"""The results file of the raw runs, written by plain counting."""

from collections.abc import Iterator

import pytest

from neurontui.queries import Results, open_results
from tests.queries.raw_run import write_runs
from tests.tui.charts.raw import OTHER, RUN


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """The open file: run 1 is RUN, run 2 is OTHER."""
    with open_results(write_runs(tmp_path_factory.mktemp("charts") / "raw.duckdb", RUN, OTHER)) as opened:
        yield opened
