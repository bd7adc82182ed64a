"""kill -9 of Ray workers at random moments: their batches are measured again; the tables equal those of one machine."""

import os
import random
import signal
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.store.errors import MeasureError
from tests.compute.engines.test_ray import config, content, local, workers
from tests.conftest import Tally

__all__ = ["local"]
pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("ray")]
KILLS = 10


class Killer(threading.Thread):
    """Kills a worker of this process now and then, `KILLS` times."""

    def __init__(self, seed: int) -> None:
        super().__init__(daemon=True)
        self.chance = random.Random(seed)
        self.over = threading.Event()
        self.killed = 0

    def run(self) -> None:
        while self.killed < KILLS and not self.over.wait(self.chance.uniform(0.1, 3)):
            for worker in self.chance.sample(found := workers(os.getpid()), min(1, len(found))):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    self.killed += 1


@pytest.mark.parametrize("seed", range(5))
def test_workers_killed_at_random(seed: int, local: dict[str, list[str]], tmp_path: Path, tally: Tally) -> None:
    killer = Killer(seed)
    killer.start()
    killed = number = 0
    while killed < KILLS:
        out = tmp_path / f"r{number}.duckdb"
        # Four lost over one batch end a run in a sentence: the same command goes on.
        while not out.exists():
            with suppress(MeasureError):
                run(replace(config(out), engine="ray", workers=2), NullProgress())
        assert content(out) == local
        killed, number = killer.killed, number + 1
    killer.over.set()
    killer.join()
    tally(
        "fault",
        "kill -9 of Ray workers",
        killed,
        "the same content as on one machine, table by table",
    )
