"""Progress on stderr: as lines by a clock of the test's own, as a bar in 80 columns, and none with --quiet."""

import itertools

import pytest
from rich.console import Console

from neurontui.store.journal.position import Level, Position
from neurontui.tui.cli.progress_bar import BarView, Lines, ProgressBar
from tests.clock import Clock
from tests.tui.cli.command_line import neurontui


def at(done: int, total: int = 10_000) -> Position:
    return (Level("ke en-all"), Level("batch", done, total))


def written(seconds: float, every: float, position: "Position | None" = None) -> list[tuple[float, str]]:
    """Lines and their times over some seconds, with a move of the work every so often, and a tick each second."""
    clock, lines = Clock(), []
    shown = Lines(lambda line: lines.append((clock.now, line)), clock)
    moves = 0
    shown.show(position or at(0))
    while clock.now < seconds:
        clock.now += 0.25
        if position is None and clock.now // every > moves:
            moves += 1
            shown.show(at(moves))
        if clock.now % 1 == 0:
            shown.tick()
    return lines


def test_lines_come_every_five_seconds_at_first_and_every_thirty_later() -> None:
    lines = written(3600, 0.25)
    gaps = [after - before for (before, _), (after, _) in itertools.pairwise(lines)]
    assert min(gaps) >= 5
    assert max(gaps) <= 30.25
    assert gaps[0] == 5
    assert gaps[-1] >= 30
    assert len(lines) < 180
    assert lines[0][1] == "ke en-all · batch 21 of 10,000 · 0%"
    assert lines[50][1].endswith(" left")


def test_work_that_does_not_move_is_reported_as_such() -> None:
    lines = written(100, 1e9, at(3, 10))
    assert [line for _, line in lines][1:] == [
        "ke en-all · batch 4 of 10 · 30% · no change for 35 s",
        "ke en-all · batch 4 of 10 · 30% · no change for 65 s",
        "ke en-all · batch 4 of 10 · 30% · no change for 95 s",
    ]


def test_a_call_of_a_library_is_reported_with_its_seconds() -> None:
    lines = written(12, 1e9, (Level("loading the tokenizer"),))
    assert [line for _, line in lines] == ["loading the tokenizer · 5 s", "loading the tokenizer · 10 s"]


def test_short_work_needs_no_line() -> None:
    assert written(4, 0.25) == []


@pytest.mark.parametrize("width", [80, 40])
def test_a_bar_fits_into_a_narrow_terminal(width: int) -> None:
    view = BarView(Clock())
    view.position = (Level("a model · ke en-all"), Level("batch", 2, 12), Level("part", 1, 4), Level("layer", 6, 18))
    console = Console(width=width)
    with console.capture() as capture:
        console.print(view.draw())
    assert len(capture.get().splitlines()) <= 4
    text = " ".join(capture.get().split())
    assert "batch 3 of 12 · part 2 of 4 · layer 7 of 18" in text
    assert "19.4 %" in text


def test_quiet_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(quiet=True) as progress:
        progress.say("Read 3 examples.")
        progress.show(at(1))
    assert capfd.readouterr() == ("", "")


def test_a_sentence_that_is_repeated_is_printed_once(capfd: pytest.CaptureFixture[str]) -> None:
    progress = ProgressBar()
    for sentence in ("Waiting: busy", "Waiting: busy", "Read it.", "Waiting: busy"):
        progress.say(sentence)
    assert capfd.readouterr().err.splitlines() == ["Waiting: busy", "Read it.", "Waiting: busy"]


def test_help_lists_quiet() -> None:
    assert "--quiet" in neurontui("run", "--help").out
