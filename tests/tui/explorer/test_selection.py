"""The selection outlives a session, and a damaged or foreign state file does no harm."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurontui.tui.explorer.selection import Selection, _selection, load, save, state_path
from neurontui.tui.explorer.sql_editor.history import History


def test_a_selection_is_kept_by_file(tmp_path: Path) -> None:
    one, two = [tmp_path / "a.duckdb"], [tmp_path / "a.duckdb", tmp_path / "b.duckdb"]
    first = Selection(run="k1", languages=("de", "zh"), layer=7, layer_filter=3, threshold=0.5)
    save(one, first, {"theme": "neurontui-light"})
    save(two, Selection(run="k2"), {})
    assert load(one)[0] == first
    assert load(two)[0].run == "k2"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"files": 3}', '{"files": {"x": []}}'])
def test_a_damaged_state_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    state_path().parent.mkdir(parents=True)
    state_path().write_text(content)
    assert load([tmp_path / "a.duckdb"]) == (Selection(), {})


@settings(max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(list(vars(Selection()))),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()),
    )
)
def test_wrong_kinds_fall_back_to_defaults(raw: dict[str, object]) -> None:
    made = _selection(json.loads(json.dumps(raw)))
    for name, value in vars(Selection()).items():
        kind = type(value)
        assert isinstance(getattr(made, name), kind) or (
            name == "layer_filter" and isinstance(made.layer_filter, int | None)
        )


def test_a_folder_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NEURONTUI_STATE", str(tmp_path / "file" / "below"))
    save([tmp_path / "a"], Selection(), {})
    assert load([tmp_path / "a"]) == (Selection(), {})
    History().add("SELECT 1")


def test_another_run_drops_languages_it_lacks() -> None:
    chosen = Selection(run="a", second="b", languages=("de", "pt"), language="pt", layer_filter=4)
    assert chosen.with_run("b", ("en", "de")) == Selection(run="b", languages=("de",))
    assert chosen.with_run("c", ("de",)).languages == ()


def test_history_goes_back_and_forth_and_is_kept() -> None:
    history = History()
    for text in ("SELECT 1", "SELECT 2", "SELECT 1"):
        history.add(text)
    again = History()
    assert again.older("draft") == "SELECT 1"
    assert again.older("x") == "SELECT 2"
    assert again.older("x") is None
    assert again.newer() == "SELECT 1"
    assert again.newer() == "draft"
    assert again.newer() is None
