"""What many tests share: one small results file, measured for real on the built-in model."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

# One thread a worker: two workers whose threads wait for each other on two cores take ten times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A redraw waits for the next frame, and tests look at the screen sooner than people. Read when Textual is imported.
os.environ["TEXTUAL_FPS"] = "500"

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

# A busy machine makes examples slow, and says nothing about the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

DEMO_EXAMPLES = 6
Tally = Callable[[str, str, int, str], None]
"""Kind (fault, damage, input or attack), what was done, how often, and what came of it."""


@pytest.fixture(autouse=True)
def weights_are_tied() -> Iterator[None]:
    """transformers switches tying off while it loads a model; a test that leaves it so would break all later ones."""
    yield
    modeling = sys.modules.get("transformers.modeling_utils")
    if modeling is not None:
        assert modeling.PreTrainedModel.tie_weights.__name__ == "tie_weights"


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Notes what a test has really tried, for the table in docs/security.md that `make faults` writes."""

    def note(kind: str, what: str, tried: int, came: str) -> None:
        record_property("tally", [kind, what, tried, came])

    return note


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests that count in that table run with `make faults` too."""
    for item in items:
        if "tally" in getattr(item, "fixturenames", ()):
            item.add_marker("tallied")


def pytest_collection_finish() -> None:
    """Modules and tests stay to the end, so the garbage collector need not examine them: an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A results file with one run of the built-in model on six facts, all measures; do not write to it."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent  # the workers of one session share it
    path = folder / "measured" / "results.duckdb"
    path.parent.mkdir(exist_ok=True)
    with FileLock(folder / "measured.lock"):
        if not path.exists():
            _measure(path)
    return path


def _measure(path: Path) -> None:
    from neurontui.compute.config import RunConfig
    from neurontui.compute.demo import DEMO_MODEL, demo_task
    from neurontui.compute.progress import NullProgress
    from neurontui.compute.run import run

    config = RunConfig(
        model=str(DEMO_MODEL),
        task=str(demo_task("fact")),
        out=path,
        limit=DEMO_EXAMPLES,
        measures=("types", "attribution", "ablation"),
        thresholds=(0.0, 0.1),
        ablation_fractions=(0.05,),
        ablation_seeds=1,
        ablation_doses=(),
        max_new_tokens=4,
        device="cpu",
    )
    run(config, NullProgress())
