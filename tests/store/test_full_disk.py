"""No room left: a sentence, nothing lost, and the same command goes on once there is room."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.store.journal.journal import list_journals
from neurontui.store.merge.merge import merge
from tests.store.conftest import measure
from tests.store.content import content
from tests.store.made_up import MadeUp
from tests.store.sessions import ROOT

# The kernel refuses to let any file grow beyond the limit, as a full disk or a quota would.
LIMITED = """
import resource, sys
from pathlib import Path
from neurontui.store.errors import NeurontuiError
from neurontui.store.merge.merge import merge
from tests.store.conftest import measure
from tests.store.made_up import MadeUp
results, seed, limit, what = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
run = MadeUp(seed=seed)
journal = measure(run, results) if what == "merge" else None
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    merge(journal, results) if what == "merge" else measure(run, results)
except NeurontuiError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def limited(results: Path, seed: int, limit: int, what: str) -> "subprocess.CompletedProcess[str]":
    """Measure or merge a made-up run where no file may grow beyond `limit` bytes."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(results), str(seed), str(limit), what],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_full_disk_while_measuring(results: Path, tmp_path: Path) -> None:
    failed = limited(results, 1, 3000, "measure")
    assert failed.returncode == 4, failed.stderr
    assert "the disk is full; make room and rerun the same command" in failed.stdout
    assert list_journals(results)[0].done == 0
    merge(measure(MadeUp(seed=1), results), results)
    other = tmp_path / "other.duckdb"
    merge(measure(MadeUp(seed=1), other), other)
    assert content(results) == content(other)


@pytest.mark.parametrize("more", [1_000, 200_000])
def test_a_full_disk_while_merging(more: int, store: Callable[..., Path], tmp_path: Path) -> None:
    path = store(MadeUp(seed=1))
    before = content(path)
    failed = limited(path, 2, path.stat().st_size + more, "merge")
    assert failed.returncode == 4, failed.stderr + failed.stdout
    assert "disk is full" in failed.stdout
    assert content(path) == before
    assert merge(measure(MadeUp(seed=2), path), path) == 2
    other = tmp_path / "other.duckdb"
    for seed in (1, 2):
        merge(measure(MadeUp(seed=seed), other), other)
    assert content(path, (1, 2)) == content(other, (1, 2))
