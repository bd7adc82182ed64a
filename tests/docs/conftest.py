"""The small results file that commands of the pages are run on."""

import shutil
from pathlib import Path

import duckdb
import pytest


@pytest.fixture(scope="module")
def results(measured: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small results file, its run named as in the demo."""
    path = tmp_path_factory.mktemp("docs") / "results.duckdb"
    shutil.copy(measured, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET name = 'demo · fact'")
        # What was changed is no longer as it was merged, and --verify would say so.
        connection.execute("DELETE FROM checksums WHERE table_name = 'runs'")
    return path
