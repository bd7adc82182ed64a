"""How a run is cut changes nothing in it: parts of a batch, batches, and a sitting that asks for other ones."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from neurontui.compute.batch_plan import batch_size
from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.compute.engines import local
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.store.journal.journal import list_journals
from neurontui.store.journal.manifest import Manifest
from neurontui.store.schema import layout, tables_of_a_run
from tests.store.content import alike, ordered

VARIES = {"run", "started", "seconds", "settings"}
NOT_MEASURED = {
    "active_histogram", "language_pairs", "neuron_gradients", "neuron_effects",
    "corpora", "neuron_activity", "neuron_moments", "neuron_precision",
}  # fmt: skip


def config(out: Path) -> RunConfig:
    return RunConfig(
        model=str(DEMO_MODEL), task=str(demo_task("fact")), out=out, device="cpu", limit=5,
        languages=("en", "de", "tr"), measures=("types", "attribution", "ablation"),
        ablation_fractions=(0.25,), ablation_seeds=1, ablation_doses=(), ablation_examples=3,
        max_new_tokens=3, thresholds=(0.0, 0.1),
    )  # fmt: skip


def same(one: Path, other: Path) -> None:
    """Every table of two files with one run; passes of other prompts round a float32 otherwise."""
    for table in set(tables_of_a_run()) - {"checksums"}:
        names = ", ".join(each for each in layout()[table] if each not in VARIES)
        rows = []
        for path in (one, other):
            with duckdb.connect(str(path), read_only=True) as connection:
                rows.append(ordered(connection.execute(f"SELECT {names} FROM {table}").fetchall()))
        assert rows[0] or table in NOT_MEASURED, table
        assert alike(*rows, near=1e-4), table


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One batch, held at once."""
    out = tmp_path_factory.mktemp("whole") / "results.duckdb"
    run(replace(config(out), batch_examples=50), NullProgress())
    return out


@pytest.mark.parametrize(("batch", "at_once"), [(3, 2)])
def test_a_run_is_the_same_however_it_is_cut(whole: Path, tmp_path: Path, batch: int, at_once: int) -> None:
    out = tmp_path / "cut.duckdb"
    run(replace(config(out), batch_examples=batch, examples_at_once=at_once), NullProgress())
    same(whole, out)


def test_the_cut_of_the_first_session_holds(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "again.duckdb"
    measure, measured = local.measure_into, []

    def until_the_third(folder: Path, *rest: object) -> None:
        if len(measured) == 2:
            raise KeyboardInterrupt
        measured.append(folder.name)
        measure(folder, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(local, "measure_into", until_the_third)
        with pytest.raises(KeyboardInterrupt):
            run(replace(config(out), batch_examples=2), NullProgress())
    [left] = list_journals(out)
    assert (left.done, left.total) == (2, 3)

    run(replace(config(out), batch_examples=5), NullProgress())
    same(whole, out)
    with duckdb.connect(str(out), read_only=True) as connection:
        [(size,)] = connection.execute("SELECT settings->>'batch_examples' FROM runs").fetchall()
    assert size == "2"


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ({"batch_examples": 7, "settings": {"batch_examples": 2}}, 7),
        ({"settings": {"batch_examples": 2}}, 2),
        ({"settings": {}}, None),
    ],
)
def test_a_manifest_has_the_batch_size_and_an_older_one_has_it_among_the_settings(raw: dict, size: int | None) -> None:
    assert _manifest(raw).batch_examples == size


@pytest.mark.parametrize(("size", "error"), [(True, TypeError), ("2", TypeError), (2.0, TypeError), (0, ValueError)])
def test_a_batch_size_that_is_none_is_refused(size: object, error: type[Exception]) -> None:
    for raw in ({"batch_examples": size}, {"settings": {"batch_examples": size}}):
        with pytest.raises(error):
            _manifest(raw)


def _manifest(changes: dict) -> Manifest:
    """A manifest as an older journal has it, with changes, read back from JSON."""
    written = Manifest(
        key="k", name="n", model="m", revision=None, architecture="bloom", task="t", setting=None, n_shots=0,
        languages=("en",), n_examples=9, n_batches=2, dtype="float32", device="cpu", threshold=0.0,
        started="2026-01-01T00:00:00", layers=(),
    )  # fmt: skip
    raw = json.loads(written.to_json())
    del raw["batch_examples"]
    return Manifest.from_json(json.dumps(raw | changes))


def test_batches_are_twenty_a_run_or_five_minutes_long() -> None:
    assert batch_size(5000, 0.01) == 250
    assert batch_size(100, 0.01) == 128
    assert batch_size(100_000, 0.01) == 512
    assert batch_size(5000, 10) == 30
    assert batch_size(5000, 1e6) == 1
