"""`neurontui open --live`: what is refused before a screen opens."""

import importlib.util
from importlib.machinery import ModuleSpec

import pytest
from click.testing import CliRunner

from neurontui.store.errors import MissingExtraError, UsageError
from neurontui.tui.cli.commands.open import command


def test_a_model_needs_a_live_prompt() -> None:
    with pytest.raises(UsageError, match="add --live"):
        CliRunner().invoke(command, ["x.duckdb", "--model", "org/model"], standalone_mode=False, catch_exceptions=False)


def test_without_the_compute_extra_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec

    def without_torch(name: str) -> ModuleSpec | None:
        return None if name == "torch" else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", without_torch)
    with pytest.raises(MissingExtraError, match=r"^a live prompt requires torch.*pip install 'neurontui\[compute\]'$"):
        CliRunner().invoke(command, ["x.duckdb", "--live"], standalone_mode=False, catch_exceptions=False)
