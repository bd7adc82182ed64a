"""Every screen on a store that has everything, on one that has types alone, narrow and wide."""

from collections.abc import Callable

import pytest

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.widgets.chips import Chips, ChipState
from neurontui.tui.explorer.widgets.heat import Heat
from neurontui.tui.explorer.widgets.layer_chart import LayerChart
from neurontui.tui.explorer.widgets.tabs import TABS
from neurontui.tui.explorer.widgets.text_lines import plain
from tests.tui.driving import NARROW, WIDE, page_of, press, settle, text_of, until

EXPECTED = {
    "findings": ("supported", "99.8 % interval", "non-activated", "●1"),
    "runs": ("bloom-demo · fact", "examples", "float32"),
    "layers": ("Type ratio by layer", "mean of 40 examples", "all-shared", "±"),
    "languages": ("% active in the column's", "partial with en"),
    "examples": ("40 examples", "The capital of", "types by layer", "CS %"),
    "persistence": ("Does a neuron keep its type?", "overlap", "found"),
    "neuron": ("layer 0 · neuron 30", "active in", "promotes", "strongest inputs"),
    "attribution": ("Types of the top 5 %", "all-shared"),
    "ablation": ("baseline", "A all-shared", "its control", "n = 400"),
    "sql": ("SELECT", "ctrl+r"),
}


@pytest.mark.parametrize("size", [NARROW, pytest.param(WIDE, marks=pytest.mark.faults)])
async def test_every_screen_shows_what_it_is_for(explorer: Callable[..., Explorer], size: tuple[int, int]) -> None:
    app = explorer()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for tab in TABS:
            await press(pilot, *(["escape"] if page_of(pilot).PAGE == "sql" else []), tab.digit)
            shown = text_of(app)
            assert tab.page == page_of(pilot).PAGE
            for words in EXPECTED[tab.page]:
                assert words in shown, (tab.page, words, shown)


@pytest.mark.parametrize(
    ("digit", "words"),
    [
        ("4", "No attribution in this run"),
        ("6", "--measures"),
        ("7", "No attribution in this run"),
        ("8", "No ablation in this run"),
    ],
)
async def test_a_measure_that_is_absent_is_reported_with_the_way_to_get_it(
    explorer: Callable[..., Explorer], digit: str, words: str
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.session.choose_run(app.session.runs[1].key)
        await press(pilot, digit)
        shown = text_of(app)
        assert words in shown
        assert "--measures" in shown


async def test_switching_a_language_off_redraws_every_curve(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        before = text_of(app)
        await press(pilot, "L", "space")
        after = text_of(app)
        assert app.session.selection.languages == ("de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
        assert "9 of 10" in after
        assert before.splitlines()[4:20] != after.splitlines()[4:20]
        await press(pilot, "space")
        assert text_of(app).splitlines()[4:20] == before.splitlines()[4:20]


async def test_the_mouse_toggles_a_language(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        await pilot.click("#chips", offset=(2, 0))
        await settle(pilot)
        assert "en" not in app.session.selection.languages
        assert "9 of 10" in text_of(app)
        assert not app.screen.query_one(Chips).has_focus, "the screen's keys go on working"


async def test_few_languages_are_reported_not_drawn_wrong(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "L", "O")
        assert "one language: a neuron is active" in text_of(app)
        await press(pilot, "right", "space")
        shown = text_of(app)
        assert "two languages: no neuron can be partial-shared" in shown
        assert "partial  " not in shown


async def test_enter_opens_details_and_esc_goes_back(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "right", "right", "enter")
        assert page_of(pilot).PAGE == "persistence"
        assert app.session.selection.layer_filter == 2
        assert "› neurons of layer 2" in text_of(app)
        assert "layer layer" not in text_of(app)
        await press(pilot, "enter")
        assert page_of(pilot).PAGE == "neuron"
        await press(pilot, "enter")
        assert page_of(pilot).PAGE == "examples"
        for page in ("neuron", "persistence", "layers"):
            await press(pilot, "escape")
            assert page == page_of(pilot).PAGE
        assert app.session.selection.layer == 2


async def test_a_second_run_beside_the_first_and_their_difference(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "c")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert app.session.second is not None
        assert app.session.second.name == "bloom-demo · xnli"
        shown = text_of(app)
        assert "both runs" in shown
        assert "vs bloom-demo · xnli" in shown
        await press(pilot, "d")
        assert "Difference of type ratios" in text_of(app)


async def test_the_threshold_goes_round(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        seen = []
        for _ in range(3):
            await press(pilot, "t")
            seen.append(app.session.selection.threshold)
        assert seen == [0.2, 0.5, 0.0]


async def test_the_difference_of_two_runs_is_reported_at_the_chosen_threshold(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "t", "c")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "over the 9 languages of both" in text_of(app), "types over others are other types"
        curves = page_of(pilot).styled().series
        both = {series.letter: series.values for series in curves}
        await press(pilot, "d")
        assert "A > 0.2" in text_of(app)
        for series in page_of(pilot).styled().series:
            pairs = zip(both[series.letter], both[series.letter.lower()], strict=True)
            assert series.values == pytest.approx([one - other for one, other in pairs])


async def test_a_screen_says_the_threshold_of_its_own_numbers(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "t")
        assert "A > 0.2" in text_of(app)
        for key in "345678":
            await press(pilot, key)
            assert "A > 0  " in text_of(app), "masks are kept at one threshold only"
        await press(pilot, "2", "v")
        assert "A > 0  " in text_of(app)
        await press(pilot, "V")
        assert "A > 0.2" in text_of(app)


async def test_a_run_chosen_to_compare_stands_beside_the_other_at_once(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "v", "4")
        assert "vs none" not in text_of(app)
        await press(pilot, "c")
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "both runs" in text_of(app)
        await press(pilot, "escape")
        assert page_of(pilot).PAGE == "examples"


async def test_a_copy_is_reported_with_its_file_and_folder_short(
    explorer: Callable[..., Explorer], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "y")
        [message] = [notification.message for notification in app._notifications]
        name = "type-ratio-by-layer"
        assert message == f"Copied {name}; also saved as {name}.tsv in ~/data/neurontui/copies"


async def test_a_long_name_of_a_run_leaves_room_for_the_languages() -> None:
    chips = Chips()
    codes = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
    chips.show(ChipState(codes, codes, "A > 0.1", "a run with a rather long name · xnli"))
    shown = plain([chips.parts(80)])
    assert "●zh" in shown
    assert "vs a run with" in shown
    assert len(shown) <= 80


async def test_two_stacks_are_distinguished(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        app.session.choose_run(app.session.runs[2].key)
        await press(pilot, "2", "G")
        assert "decoder 3" in text_of(app)
        await press(pilot, "g")
        assert "encoder 0" in text_of(app)


async def test_search_finds_and_goes_on(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "4")
        await press(pilot, "slash", *"Allem", "enter")
        assert app.session.selection.example == 4
        await press(pilot, "n")
        assert app.session.selection.example == 12
        await press(pilot, "N")
        assert app.session.selection.example == 4


async def test_what_was_looked_at_is_kept_for_the_next_session(
    explorer: Callable[..., Explorer],
) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "right", "t", "L", "space")
    again = explorer()
    assert again.session.selection == app.session.selection
    assert (again.session.selection.layer, again.session.selection.threshold) == (1, 0.2)


async def test_an_empty_file_says_how_to_fill_it(explorer: Callable[..., Explorer], tmp_path) -> None:
    from neurontui.store import schema

    schema.create(tmp_path / "empty.duckdb")
    app = explorer(tmp_path / "empty.duckdb")
    async with app.run_test(size=NARROW) as pilot:
        await until(pilot, lambda: "This file has no runs yet" in text_of(app))
        for tab in TABS:
            await pilot.press(tab.digit)
            await pilot.pause()


async def test_the_same_run_in_two_files_is_distinguished(explorer: Callable[..., Explorer], store, tmp_path) -> None:
    again = tmp_path / "again.duckdb"
    again.write_bytes(store.read_bytes())
    app = explorer(store, again)
    async with app.run_test(size=WIDE) as pilot:
        await press(pilot, "1")
        count = len(app.session.runs) // 2
        await press(pilot, *["j"] * count, "c")
        assert app.session.second is not None
        assert app.session.second.file == str(again)
        assert app.session.second.name == app.session.run.name
        await press(pilot, "2", "d")
        assert "Difference of type ratios" in text_of(app)
        values = [abs(v) for series in page_of(pilot).styled().series for v in series.values]
        assert max(values) == 0.0
        await press(pilot, "1", "enter")
        assert app.session.run.file == str(again)


async def test_two_files_are_explored_as_one(explorer: Callable[..., Explorer], store, tmp_path) -> None:
    from tests.tui.sample import Plan, write_sample

    other = write_sample(
        tmp_path / "other.duckdb",
        Plan(name="other · fact", examples=10, attribution=False, ablation=False),
    )
    app = explorer(store, other)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert [run.name for run in app.session.runs][-1] == "other · fact"
        app.session.choose_run(app.session.runs[-1].key)
        await press(pilot, "2")
        shown = text_of(app)
        assert "other.duckdb › other · fact" in shown
        assert "mean of 10 examples" in shown


async def test_the_cursor_of_the_sharing_matrix_is_never_on_the_diagonal(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "3")
        heat = page_of(pilot).query_one(Heat)
        seen = [(heat.row, heat.column)]
        for key in ("down", "down", "left", "left", "left", "right", "G", "right", "right"):
            await press(pilot, key)
            seen.append((heat.row, heat.column))
        assert all(row != column for row, column in seen), seen
        assert seen[:6] == [(0, 1), (1, 2), (2, 1), (2, 0), (2, 0), (2, 0)], "every row is reached"
        assert seen[6] == (2, 1)
        for _ in range(2):
            await press(pilot, "right")
        assert "of the neurons active in" in text_of(app)
        for key, words in (("v", "phi"), ("5", "of avg: "), ("6", "CS: share"), ("8", "off: ")):
            await press(pilot, *(["v", "v", "v"] if key == "v" else [key]))
            assert words in text_of(app), "a line explains the columns"


async def test_layers_opens_with_a_panel_for_each_type_and_the_cursor_in_all(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2", "right")
        shown = text_of(app)
        assert shown.count("▲") == 4
        assert all(name in shown for name in ("A all-shared  ", "P partial  ", "S specific  ", "N non-activated  "))
        await press(pilot, "right")
        before = text_of(app)
        page_of(pilot).query_one(LayerChart).refresh()
        await settle(pilot)
        assert text_of(app) == before, "only the columns of the cursor were drawn again"
        await pilot.click("#chart", offset=(40, 12))
        await settle(pilot)
        assert app.session.selection.layer > 2
