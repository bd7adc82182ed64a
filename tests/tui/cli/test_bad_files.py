"""Every command reports a file that cannot be used in one sentence, with exit code 4 and no traceback."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from neurontui.store.schema import SCHEMA_VERSION, create
from tests.tui.cli.command_line import is_one_sentence, neurontui


def _missing(path: Path) -> None:
    """A file that does not exist."""


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("layer,neuron\n1,2\n" * 500)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE pictures (name VARCHAR)")


def _newer(path: Path) -> None:
    create(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION + 1)])


COMMANDS = (("info",), ("query",), ("sql", "select 1"), ("report",))


@pytest.mark.parametrize("make", [_missing, _folder, _text, _empty, _foreign, _newer])
def test_a_file_that_cannot_be_used_is_reported_in_one_sentence(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "results.duckdb"
    make(path)
    for command, *rest in COMMANDS:
        said = neurontui(command, path, *rest)

        assert said.code == 4, (command, said)
        assert is_one_sentence(said), (command, said)
        assert "results.duckdb" in said.err
        assert said.out == ""


def test_a_newer_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "newer.duckdb"
    _newer(path)

    assert "newer" in neurontui("info", path).err


def test_the_explorer_without_a_terminal_says_so(measured: Path) -> None:
    said = neurontui("open", measured)

    assert said.code == 2
    assert is_one_sentence(said)
