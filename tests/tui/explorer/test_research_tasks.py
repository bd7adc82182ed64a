"""Ten questions that a researcher asks of a results file: the answer is at most six keys away, typed text apart."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import NARROW, press, settle, text_of, until

MOST_KEYS = 6
TASKS = {
    "which languages share most with German at layer 4": ("3 b '4' enter down", r"only layer 4(.|\n)+partial with de "),
    "neurons that are all-shared in 90 % of examples, and when": (
        "5 f f percent_sign '90' enter enter",
        r"A all-shared +█+ +9\d|A all-shared +█+ 100",
    ),
    "xnli against fact at the last layer": ("2 c 2 end", r"A all-shared +12\.3 ±0\.7(.|\n)+a all-shared +6\.1 ±1\.0"),
    "which type does more harm than its control": ("8 v v", r"A all-shared +all +10\.1 +10\.1  equal +\+58\.3 ±4\.3"),
    "the table of this screen as CSV": ("2 e enter", r"Type ratio by layer"),
    "ten largest contributions in German": ("7 u u V", r"largest contribution · mean over de(.|\n)+ 10 "),
    "without Thai and Chinese": ("L 'th' space 'zh' space", r"○th(.|\n)* ○zh +8 of 10"),
    "neurons that differ where the answer is wrong": ("4 w w d d d", r"Active where right, not where wrong"),
    "two runs beside each other": ("2 c 2", r"both runs · over the 9 languages of both"),
    "a figure for a paper": ("2 e s enter", r"Type ratio by layer"),
}  # fmt: skip
"""By question: the keys, with typed text in quotes, and what the screen then says."""


def strokes(keys: str) -> list[str]:
    """Each key to press; typed text letter by letter."""
    return [stroke for key in keys.split() for stroke in (key.strip("'") if key.startswith("'") else [key])]


@pytest.mark.parametrize("question", TASKS)
async def test_an_answer_is_at_most_six_keys_away(
    explorer: Callable[..., Explorer], question: str, tmp_path: Path
) -> None:
    keys, answer = TASKS[question]
    assert len([key for key in keys.split() if not key.startswith("'")]) <= MOST_KEYS
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, *strokes(keys))
        assert re.search(answer, text_of(app)), text_of(app)
        if " e " in keys:
            kind = "svg" if " s " in keys else "csv"
            await until(pilot, lambda: list(tmp_path.glob(f"*.{kind}")))
