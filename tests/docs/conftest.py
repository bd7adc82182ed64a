"""The small results file for the commands of the pages."""

import shutil
from pathlib import Path

import duckdb
import pytest


@pytest.fixture(scope="module")
def results(measured: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small results file, with the name of its run changed to that of the demo."""
    path = tmp_path_factory.mktemp("docs") / "results.duckdb"
    shutil.copy(measured, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE runs SET name = 'demo · fact'")
        # The checksum no longer matches the changed table, and --verify would report it.
        connection.execute("DELETE FROM checksums WHERE table_name = 'runs'")
    return path
