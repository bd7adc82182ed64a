"""Shorter sequences draw the same screen, as a terminal emulator reads them."""

import random
from collections.abc import Callable, Iterable

import pyte
import pytest
from rich.console import Console
from rich.control import Control
from rich.segment import Segment, Segments
from rich.style import Style
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.shorter_output import shorter, with_shorter_output
from tests.tui.driving import NARROW, press

ATTRIBUTES = ("bold", "dim", "italic", "underline", "reverse", "strike", "blink")
MANY_KEYS = "2 l L right space escape 3 j 4 j d d d d tab 6 right_square_bracket 7 9"
COLORS = ("", "red", "bright_blue", "color(141)", "#15171b", "#dce1e5", "default")


def drawn(texts: Iterable[str]) -> list[list[pyte.screens.Char]]:
    """Every cell of the screen with its colors and attributes."""
    screen = pyte.Screen(*NARROW)
    stream = pyte.Stream(screen)
    for text in texts:
        stream.feed(text)
    return [[screen.buffer[y][x] for x in range(screen.columns)] for y in range(screen.lines)]


def seen(texts: Iterable[str]) -> list[list[pyte.screens.Char]]:
    """The same without the color of letters where there is none."""
    return [
        [cell._replace(fg="default", bold=False) if cell.data == " " and not cell.reverse else cell for cell in line]
        for line in drawn(texts)
    ]


def in_thai(line: list[pyte.screens.Char]) -> bool:
    """Whether a line has marks above letters, whose width the emulator does not know."""
    return any("\u0e00" <= letter <= "\u0e7f" for cell in line for letter in cell.data)


def style(draw: random.Random) -> Style:
    color, background = draw.choice(COLORS), draw.choice(COLORS)
    return Style(
        color=color or None,
        bgcolor=background or None,
        **{name: True for name in ATTRIBUTES if draw.random() < 0.2},
    )


def frame(draw: random.Random, colors: str) -> str:
    """Pieces in few styles, so that neighbors often agree, with moves and plain text between them."""
    styles = [style(draw) for _ in range(4)]
    pieces: list[Segment] = []
    for _ in range(60):
        if draw.random() < 0.3:
            pieces.append(Control.move_to(draw.randrange(70), draw.randrange(23)).segment)
        if draw.random() < 0.1:
            pieces.append(Segment("plain"))
        pieces.append(Segment("word ", draw.choice(styles)))
    console = Console(force_terminal=True, color_system=colors, width=80)  # type: ignore[arg-type]
    with console.capture() as captured:
        console.print(Segments(pieces), end="")
    return captured.get()


@pytest.mark.parametrize("colors", ["truecolor", "256", "standard"])
def test_random_frames(colors: str) -> None:
    draw = random.Random(7)
    frames = [frame(draw, colors) for _ in range(200)]

    assert drawn(map(shorter, frames)) == drawn(frames)
    for one in frames:
        assert drawn([shorter(one)]) == drawn([one])


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("\x1b[1;31ma\x1b[0m\x1b[1;31mb\x1b[0m", "\x1b[1;31mab\x1b[0m"),
        ("\x1b[38;2;1;2;3;48;2;0;0;0ma\x1b[0m\x1b[48;2;0;0;0mb\x1b[0m",
         "\x1b[38;2;1;2;3;48;2;0;0;0ma\x1b[39mb\x1b[0m"),
        ("\x1b[1;2;31ma\x1b[0m\x1b[2;31mb\x1b[0m", "\x1b[1;2;31ma\x1b[22;2mb\x1b[0m"),
        ("\x1b[5;31ma\x1b[0m\x1b[31mb\x1b[0m", "\x1b[5;31ma\x1b[0m\x1b[31mb\x1b[0m"),
        ("\x1b[38;5;1;48;5;2ma\x1b[0m\x1b[3;4H\x1b[38;5;9;48;5;2mb\x1b[0m",
         "\x1b[38;5;1;48;5;2ma\x1b[3;4H\x1b[38;5;9mb\x1b[0m"),
        ("\x1b[31ma\x1b[0mplain\x1b[31mb\x1b[0m", "\x1b[31ma\x1b[0mplain\x1b[31mb\x1b[0m"),
        ("\x1b[31ma\x1b[0m\x1b[2K", "\x1b[31ma\x1b[0m\x1b[2K"),
        ("no style at all", "no style at all"),
    ],
)  # fmt: skip
def test_what_is_left(text: str, short: str) -> None:
    assert shorter(text) == short


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the explorer writes, redraw by redraw, before it is shortened."""
    found: list[str] = []
    display = App._display

    def kept(app: App[None], screen: object, renderable: object) -> None:
        if hasattr(renderable, "render_segments"):
            found.append(renderable.render_segments(app.console))
        display(app, screen, renderable)  # type: ignore[arg-type]

    monkeypatch.setattr(App, "_display", kept)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    return found


async def test_the_frames_of_every_screen(explorer: Callable[..., Explorer], frames: list[str]) -> None:
    async with explorer().run_test(size=NARROW) as pilot:
        await press(pilot, *"2", "l", *"3", "j", *"4", "d", "d", *"56", "]", *"7890", "?")

    short = [shorter(one) for one in frames]
    assert len(frames) > 20
    assert drawn(short) == drawn(frames)
    assert len("".join(short)) < 0.75 * len("".join(frames))


async def test_the_terminal_shows_what_the_screen_is(explorer: Callable[..., Explorer], frames: list[str]) -> None:
    """Redraws of parts add up to a redraw of everything."""
    app = explorer()
    async with app.run_test(size=NARROW) as pilot:
        for key in MANY_KEYS.split():
            await press(pilot, key)
            for widget in app.screen._compositor.visible_widgets:
                widget._set_dirty()
            whole = app.screen._compositor.render_full_update().render_segments(app.console)
            pairs = [
                (one, other)
                for one, other in zip(seen(map(shorter, frames)), seen([whole]), strict=True)
                if not in_thai(other)
            ]
            assert len(pairs) > NARROW[1] / 2
            assert all(one == other for one, other in pairs), key


async def test_the_explorer_writes_them(explorer: Callable[..., Explorer], monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _, data: written.append(data))
    driver = with_shorter_output(HeadlessDriver)(explorer(), size=NARROW)
    driver.write("\x1b[1ma\x1b[0m\x1b[1mb\x1b[0m")

    assert written == ["\x1b[1mab\x1b[0m"]
    assert explorer().driver_class.__name__ == driver.__class__.__name__
