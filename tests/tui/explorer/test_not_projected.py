"""A neuron whose tokens were not computed: its screen gives the reason and the option that computes them."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import NARROW, press, settle, text_of
from tests.tui.sample import Plan, write_sample


async def test_the_screen_names_the_option(explorer: Callable[..., Explorer], tmp_path: Path) -> None:
    path = write_sample(tmp_path / "r.duckdb", Plan(examples=6, neurons=16, layers=3, ablation=False))
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM neuron_vocabulary WHERE layer = 1 AND neuron = 2")
    app = explorer(path)
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "1")
        for neuron, missing in ((2, True), (3, False)):
            app.open_detail("neuron", layer=1, neuron=neuron)
            await settle(pilot)
            assert ("--vocabulary-neurons" in text_of(app)) == missing
