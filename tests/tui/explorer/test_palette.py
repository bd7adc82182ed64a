"""The command palette finds what is in the results, and enter never chooses from hits of an older text."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.palette_dialog import PaletteDialog
from neurontui.tui.explorer.palette_search import EXAMPLE, NEURON, ResultsProvider
from neurontui.tui.explorer.widgets.grid import Grid
from tests.tui.driving import WIDE, page_of, settle, text_of, until


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("5 466", ("5", "466")), ("L5 466", ("5", "466")), ("l5n466", None), ("layer 5 neuron 466", ("5", "466")),
        ("l5 n466", ("5", "466")), ("5,466", ("5", "466")), ("5466", None), ("5 466 1", None), ("berlin", None),
    ],
)  # fmt: skip
def test_neurons_are_two_numbers(text: str, numbers: tuple[str, str] | None) -> None:
    match = NEURON.fullmatch(text)
    assert (match.groups() if match else None) == numbers
    assert EXAMPLE.fullmatch(text) is None or text == "5466"


async def search(pilot: Pilot[None], text: str) -> None:
    """Type a text into the palette and press enter at once, as fast as keys come."""
    await pilot.press("ctrl+p", *("space" if letter == " " else letter for letter in text), "enter")


async def find(pilot: Pilot[None], text: str) -> None:
    """Search for a text that is in the results, and open the first hit."""
    await search(pilot, text)
    await until(pilot, lambda: not PaletteDialog.is_open(pilot.app))
    await settle(pilot)


async def test_the_palette_finds_what_is_in_the_results(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        results = app.session.query_runner.results
        await find(pilot, "5 46")
        assert (page_of(pilot).PAGE, app.session.selection.layer, app.session.selection.neuron) == ("neuron", 5, 46)
        await find(pilot, "12")
        assert (page_of(pilot).PAGE, app.session.selection.example) == ("examples", 12)
        row = results.query("example-prompts", run=1, example=7).to_pylist()[0]
        await find(pilot, row["id"])
        assert (page_of(pilot).PAGE, app.session.selection.example) == ("examples", 7)
        await find(pilot, "run 2")
        assert app.session.run == app.session.runs[1]
        await find(pilot, "run 1")
        [first] = results.query("neurons-by-token", run=1, text="berlin", limit=1).to_pylist()
        await find(pilot, "berlin")
        chosen = app.session.selection
        assert (page_of(pilot).PAGE, chosen.layer, chosen.neuron) == ("neuron", first["layer"], first["neuron"])
        await find(pilot, "type-persistence")
        assert page_of(pilot).PAGE == "sql"
        assert "same_mask" in text_of(app), "a column of the query's result"
        await search(pilot, "5 99")
        await until(pilot, lambda: all(worker.is_finished for worker in app.workers))
        await pilot.pause(0.2)
        assert PaletteDialog.is_open(app), "the layer has 48 neurons: there is nothing to choose"


async def test_a_word_finds_the_neurons_that_promote_or_suppress_it(explorer: Callable[..., Explorer]) -> None:
    app = explorer()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        provider = ResultsProvider(app.screen)
        hits = [hit async for hit in provider.search("berlin")]
        [first] = app.session.query_runner.results.query("neurons-promoting", run=1, text="berlin", limit=1).to_pylist()
        shown = [str(hit.prompt) for hit in hits if f"“{first['token']}”" in str(hit.prompt)]
        assert f"Layer {first['layer']}, neuron {first['neuron']} · {first['direction']} “" in shown[0]
        assert f"{first['type']} in {first['share']:.1f} %" in shown[0].replace("100 %", "100.0 %")
        [every] = [hit for hit in hits if hit.text is not None and hit.text.startswith("Neurons that promote")]
        every.command()
        await settle(pilot)
        assert page_of(pilot).PAGE == "sql"
        table = page_of(pilot).query_one(Grid).table
        assert set(table.column("direction").to_pylist()) == {"promotes", "suppresses"}
        assert all("berlin" in token.lower() for token in table.column("token").to_pylist())
        assert not [hit async for hit in provider.search("no such word") if str(hit.text).startswith("Neurons that")]
