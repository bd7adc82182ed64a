"""Positions in words, shares of nested work, and the time left by a clock of the test's own."""

from pathlib import Path

import pytest

from neurontui.store.journal.position import (
    FILE,
    Level,
    Pace,
    PositionFile,
    Shown,
    duration,
    is_counted,
    read_position,
    share,
    words,
)
from tests.clock import Clock

NESTED = (
    Level("ke en-all"),
    Level("batch", 2, 12),
    Level("part", 0, 1),
    Level("", 3, 20, span=17),
    Level("ablation"),
    Level("condition", 4, 17),
    Level("forward pass", 2, 10, at_most=True),
)


def test_levels_are_named_and_counted_from_one() -> None:
    text = "ke en-all · batch 3 of 12 · ablation · condition 5 of 17 · forward pass 3 of at most 10"
    assert words(NESTED) == text
    assert words((Level("layer", 18, 18),)) == "layer 18 of 18"
    assert words((Level("MB", 1999, 12_000),)) == "MB 2,000 of 12,000"
    assert words(()) == ""


def test_the_share_of_nested_work_is_that_of_its_units() -> None:
    condition = (4 + 2 / 10) / 17
    part = (3 + 17 * condition) / 20
    assert share(NESTED) == pytest.approx((2 + part) / 12)
    assert share((Level("layer", 3, 2),)) == 1
    assert share((Level("loading"),)) == share(()) == 0
    assert is_counted(NESTED)
    assert not is_counted((Level("loading"),))


def test_the_time_left_is_that_of_the_work_since_the_outermost_level_began() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.follow((Level("loading"),))
    clock.now += 1000
    assert pace.shown((Level("run"), Level("batch", 5, 10))).seconds_left is None  # a resumed run begins here
    clock.now += 60
    assert pace.shown((Level("run"), Level("batch", 6, 10))).seconds_left == pytest.approx(240)


@pytest.mark.parametrize(("seconds", "text"), [(7.4, "7 s"), (99, "99 s"), (240, "4 min"), (7500, "2 h 5 min")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_position_of_a_run_is_in_its_journal_once_a_second(tmp_path: Path) -> None:
    clock = Clock()
    file = PositionFile(tmp_path, clock)
    for done in range(40):
        file.show((Level("run"), Level("batch", done, 100)))
        if done == 19:
            assert read_position(tmp_path) == Shown("run · batch 17 of 100", 0.16, pytest.approx(21))
        clock.now += 0.25
    assert read_position(tmp_path) == Shown("run · batch 37 of 100", 0.36, pytest.approx(16))
    (tmp_path / FILE).write_text('{"text": 3}')
    assert read_position(tmp_path) is None
    assert read_position(tmp_path / "nowhere") is None
