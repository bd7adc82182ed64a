"""A bug of ours ends in one sentence; no traceback and no stored text reaches the terminal."""

from pathlib import Path

import pytest

from neurontui.store.errors import StoreError
from neurontui.tui.explorer.app import Explorer, explore
from neurontui.tui.explorer.crash_log import ExplorerError
from neurontui.tui.explorer.session import Session, open_files


def stopped(store: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> Exception:
    """What `explore` raises when a screen does."""

    def fail(self: Explorer) -> None:
        raise error

    monkeypatch.setattr(Explorer, "on_mount", fail)
    monkeypatch.setattr(Explorer, "run", lambda self: Explorer.__base__.run(self, headless=True))  # type: ignore[union-attr]
    with pytest.raises((ExplorerError, StoreError)) as caught:
        explore(Session(open_files([store], None), [store]))
    return caught.value


def test_an_error_of_ours_is_kept_in_a_file(
    store: Path, state: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = str(stopped(store, monkeypatch, ValueError("\x1b]52;secret")))
    assert "crash.txt" in said
    assert "secret" not in said
    assert "secret" in (state / "crash.txt").read_text()
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err


def test_a_failure_that_has_a_sentence_keeps_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(stopped(store, monkeypatch, StoreError("The file is damaged."))) == "The file is damaged."
