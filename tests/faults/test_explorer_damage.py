"""The explorer on damaged files, and on files damaged, cut or removed while open: it keeps running and reports it."""

import random
import shutil
from pathlib import Path

import pytest
from textual.pilot import Pilot

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.app import Explorer
from tests.conftest import Tally
from tests.tui.conftest import state
from tests.tui.driving import NARROW, explorer_of, press, settle, text_of, until
from tests.tui.sample import Plan, write_sample

__all__ = ["state"]  # makes the explorer's state folder one of the test's own
SMALL = Plan(examples=10, neurons=16, layers=3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small results file; to be copied."""
    return write_sample(tmp_path_factory.mktemp("whole") / "results.duckdb", SMALL)


async def screens(pilot: Pilot[None], app: Explorer) -> list[str]:
    """What every screen shows."""
    shown = []
    for digit in "12345678":
        await press(pilot, digit)
        assert app.is_running
        shown.append(text_of(app))
    return shown


@pytest.mark.faults
async def test_files_with_flipped_bits(whole: Path, tmp_path: Path, tally: Tally) -> None:
    chance = random.Random(10)
    size = whole.stat().st_size
    reported = 0
    for number in range(30):
        path = tmp_path / f"r{number}.duckdb"
        data = bytearray(whole.read_bytes())
        if number % 6 == 5:
            del data[chance.randrange(12_288, size) :]
        else:
            for _ in range(1 + number % 3):  # several, so that more than unused blocks are hit
                data[chance.randrange(12_288, size)] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        try:
            app = explorer_of(path)
            async with app.run_test(size=NARROW) as pilot:
                await settle(pilot)
                reported += any("damaged" in text for text in await screens(pilot, app))
        except NeurontuiError as error:  # what `neurontui open` ends with where the runs cannot be read
            reported += 1
            assert "damaged" in str(error)  # noqa: PT017 - not every damage is met on opening
        path.unlink()
    assert reported > 5
    tally("damage", "the explorer, screen by screen, on files flipped or cut", 30,
          f"{reported} reported as errors, the others in unused bytes; no crash")  # fmt: skip


def _removed(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(12_288)
        file.write(random.Random(1).randbytes(path.stat().st_size - 12_288))


def _a_text(path: Path) -> None:
    path.unlink()
    path.write_text("layer,neuron\n" * 1000)


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


LONG = [pytest.param(each, marks=pytest.mark.faults) for each in (_cut, _emptied, _overwritten, _a_text, _a_folder)]


@pytest.mark.parametrize("happens", [_removed, *LONG])
async def test_what_happens_to_a_file_that_is_shown(
    happens: object, whole: Path, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("neurontui.tui.explorer.reload.EVERY", 0.1)
    path = tmp_path / "r.duckdb"
    shutil.copy(whole, path)
    app = explorer_of(path)
    async with app.run_test(size=NARROW) as pilot:
        await press(pilot, "2")
        happens(path)  # type: ignore[operator]
        for key in ("3", "l", "4", "5", "2"):
            await pilot.press(key)
            await pilot.pause(0.3)
            assert app.is_running
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        shutil.copy(whole, path.with_name("new"))
        path.with_name("new").rename(path)
        await until(pilot, lambda: not app.reloader.released and "Type ratio by layer" in text_of(app))
    tally("fault", "the file removed, cut, emptied, overwritten or replaced under an open explorer", 1,
          "it keeps running, and reads the file again when it is intact")  # fmt: skip
