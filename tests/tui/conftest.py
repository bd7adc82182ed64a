"""A small results file for the explorer's tests, made once a test session, and ways to drive the explorer."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from neurontui.tui.explorer.app import Explorer
from tests.tui.driving import explorer_of
from tests.tui.intervention_stores import KINDS, write_interventions
from tests.tui.measured import write_measured
from tests.tui.sample import LANGUAGES, Plan, write_sample

TICK = 0.002
"""Seconds of a pause between keys."""
PLANS = (
    Plan(),
    Plan(
        name="bloom-demo · xnli",
        task="xnli",
        languages=tuple(code for code in LANGUAGES if code != "pt"),
        attribution=False,
        ablation=False,
        answers=False,
        seed=2,
        examples=30,
    ),
    Plan(name="mt0-small · fact", encoder=4, layers=8, ablation=False, seed=3, examples=20),
)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of this test session, the same for all of its workers."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def store(shared: Path) -> Path:
    """Three runs: a full one, one of types alone, and one of two stacks. Workers of one session share it."""
    folder = shared / "explorer-store"
    folder.mkdir(exist_ok=True)
    path = folder / "results.duckdb"
    with FileLock(folder / "lock"):
        if not path.exists():
            write_sample(folder / "part.duckdb", *PLANS)
            (folder / "part.duckdb").rename(path)
    return path


@pytest.fixture(scope="session")
def demo_runs(shared: Path) -> Path:
    """Two runs of the demo's model that were really measured. Workers of one session share it."""
    folder = shared / "explorer-measured"
    folder.mkdir(exist_ok=True)
    path = folder / "results.duckdb"
    with FileLock(folder / "lock"):
        if not path.exists():
            write_measured(folder / "part.duckdb")
            (folder / "part.duckdb").rename(path)
    return path


@pytest.fixture(scope="session")
def interventions(shared: Path) -> dict[str, Path]:
    """Files with interventions, by kind. Workers of one session share them."""
    folder = shared / "interventions"
    folder.mkdir(exist_ok=True)
    with FileLock(folder / "lock"):
        if not (folder / "made").exists():
            write_interventions(folder)
            (folder / "made").touch()
    return {kind: folder / f"{kind}.duckdb" for kind in KINDS}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own, so that no test sees what another one looked at; no animations."""
    monkeypatch.setenv("NEURONTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("textual.constants.TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that last one tick: Textual's own end when the process idles, which prefetching puts off up to a second.

    Nothing relies on them: `settle` asks the explorer itself whether it has answered.
    """

    async def one_tick(*_: float) -> None:
        await asyncio.sleep(TICK)

    monkeypatch.setattr("textual.app.wait_for_idle", one_tick)
    monkeypatch.setattr("textual.pilot.wait_for_idle", one_tick)


@pytest.fixture
def explorer(store: Path) -> Callable[..., Explorer]:
    """Makes explorers on the store, looking at its first run."""

    def make(*paths: Path, start: str = "runs") -> Explorer:
        return explorer_of(*(paths or (store,)), start=start)

    return make
