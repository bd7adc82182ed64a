"""Keys typed ahead do what they do when typed slowly, and names and data always belong together."""

import re
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.dialogs.dialog import Reading
from neurontui.tui.explorer.widgets.styled_text import StyledText
from tests.tui.driving import NARROW, page_of, settle, text_of, until
from tests.tui.slow import hold_answers, outcome, slow_down, type_ahead, type_slowly

BACK, NEXT = "left_square_bracket", "right_square_bracket"
CASES = [
    # the first screen, and the keys that are typed ahead
    ("4", "down down enter"),
    ("4", f"{NEXT} y"),
    ("2", "4 f"),
    ("2", "t y"),
    ("3", "down y"),
    ("8", "v v y"),
    ("6", "v v f"),
]
MORE_CASES = [
    ("6", f"{NEXT} {NEXT} enter"),
    ("1", "down enter 4 f"),
    ("4", "down f"),
    ("4", f"{NEXT} e"),
    ("4", f"{NEXT} {NEXT} x"),
    ("4", f"down down {BACK} f escape down f"),
    ("4", "w f"),
    ("4", f"{NEXT} tab down enter"),
    ("4", "L space escape down y"),
    ("6", f"{NEXT} y"),
    ("6", "right_curly_bracket e"),
    ("6", "o 3 space 7 enter x"),
    ("2", f"6 {NEXT} y"),
    ("2", "4 down 2 enter down enter"),
    ("1", "down enter 3 y"),
    ("1", "down c 2 y"),
    ("1", "down y"),
    ("2", "v e"),
    ("2", "right right enter enter"),
    ("2", "L space y"),
    ("2", "c down enter y"),
    ("2", "t x"),
    ("3", "v y"),
    ("3", "down enter enter"),
    ("5", "f enter"),
    ("5", "u y"),
    ("5", "f f minus e"),
    ("5", f"down enter {NEXT} y"),
    ("7", "v y"),
    ("7", "v v v v y"),
    ("7", "u enter y"),
    ("8", "r y"),
    ("8", "p y"),
    ("9", "ctrl+r tab y"),
]


@pytest.mark.parametrize(
    ("screen", "keys"),
    [*CASES, *(pytest.param(*case, marks=pytest.mark.faults) for case in MORE_CASES)],
)
async def test_keys_typed_ahead_do_what_slow_keys_do(
    explorer: Callable[..., Explorer],
    monkeypatch: pytest.MonkeyPatch,
    screen: str,
    keys: str,
) -> None:
    slow_down(monkeypatch)
    outcomes = []
    for typed_slowly in (True, False):
        monkeypatch.setenv("NEURONTUI_STATE", f"state-{typed_slowly}")
        app = explorer()
        async with app.run_test(size=NARROW) as pilot:
            await type_slowly(pilot, screen)
            if typed_slowly:
                await type_slowly(pilot, *keys.split())
            else:
                type_ahead(app, *keys.split())
                await settle(pilot)
            outcomes.append(outcome(app))
    slow, fast = outcomes
    for what, state in slow.items():
        assert fast[what] == state, what


async def test_keys_typed_before_the_first_answer(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    app = explorer()
    chosen = app.session.selection.run
    async with app.run_test(size=NARROW) as pilot:
        type_ahead(app, "enter", "y")
        await settle(pilot)
        assert page_of(pilot).PAGE == "layers"
        assert app.session.selection.run == chosen
        assert app.clipboard.startswith("layer")


async def test_escape_drops_the_keys_that_wait(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await type_slowly(pilot, "2")
        released = hold_answers(monkeypatch)
        type_ahead(app, "4", NEXT, "y", "1")
        await until(pilot, lambda: page_of(pilot).PAGE == "examples" and app.ahead.held)
        type_ahead(app, "escape")
        await pilot.pause(0.1)
        released.set()
        await settle(pilot)
        assert app.clipboard == ""
        assert page_of(pilot).PAGE == "examples"


async def test_a_dialog_opens_at_once_and_follows_its_answer(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await type_slowly(pilot, "4")
        released = hold_answers(monkeypatch)
        app.session.query_runner._cache.clear()
        type_ahead(app, "down", "f")
        await until(pilot, lambda: isinstance(app.screen, Reading) and "running …" in text_of(app))
        assert "Example 1 of" in text_of(app)
        released.set()
        await settle(pilot)
        assert "fact-001" in text_of(app)


PANES = {"4": ("example (\\d+)", "#prompts", NEXT), "6": ("· (\\d+) ", "#active-in", NEXT)}
"""By screen: how its first line names what it shows, a pane of it, and the key to the next one."""


async def _reference(pilot: Pilot[None], name: str, pane: str, key: str) -> dict[str, str]:
    """What the pane shows by what the first line names, each waited for."""
    shown = {}
    for _ in range(6):
        page = page_of(pilot)
        match = re.search(name, text_of(pilot.app).splitlines()[0] + " ")  # type: ignore[arg-type]
        assert match
        shown[match.group(1)] = page.query_one(pane, StyledText).text()
        await type_slowly(pilot, key)
    return shown


@pytest.mark.parametrize("screen", ["4", pytest.param("6", marks=pytest.mark.faults)])
async def test_name_and_data_belong_together_at_any_moment(
    explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch, screen: str
) -> None:
    name, pane, key = PANES[screen]
    app = explorer()
    async with app.run_test(size=(120, 30)) as pilot:
        await type_slowly(pilot, screen)
        reference = await _reference(pilot, name, pane, key)
    slow_down(monkeypatch)
    monkeypatch.setenv("NEURONTUI_STATE", "another")
    app = explorer()
    async with app.run_test(size=(120, 30)) as pilot:
        await type_slowly(pilot, screen)
        seen = set()
        for _ in range(5):
            type_ahead(app, key)
            for _ in range(12):
                await pilot.pause(0.02)
                match = re.search(name, text_of(app).splitlines()[0] + " ")
                assert match
                sheet = page_of(pilot).query_one(pane, StyledText)
                drawn = "" if sheet.veiled else sheet.text()
                seen.add((match.group(1), drawn))
    assert len({named for named, _ in seen}) > 1
    assert [pair for pair in seen if pair[1] and reference.get(pair[0]) != pair[1]] == []


async def test_nothing_is_hidden_on_a_screen_that_is_not_built(explorer: Callable[..., Explorer]) -> None:
    """The wait for results can end before its widgets exist."""
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        late = type(page_of(pilot))()
        late._withdraw()
        assert not late.ready
