"""Several processes and one results file: whoever comes later waits and says for whom."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from neurontui.store.admin.remove import remove
from neurontui.store.errors import BusyError
from neurontui.store.journal.journal import MERGING
from neurontui.store.merge.merge import merge
from neurontui.store.reader import open_reader
from tests.store.conftest import measure
from tests.store.content import rows
from tests.store.made_up import MadeUp

HOLD = """
import sys, time
from pathlib import Path
from neurontui.store.reader import open_reader
from neurontui.store.writer import open_writer
opened = {"reader": open_reader, "writer": open_writer}[sys.argv[1]](Path(sys.argv[2]))
with opened:
    print("open", flush=True)
    sys.stdin.readline()
"""


def holder(kind: str, path: Path) -> "subprocess.Popen[str]":
    """Another process that has the file open until it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, kind, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


@pytest.mark.parametrize("kind", ["reader", "writer"])
def test_a_merge_waits_says_for_whom_and_leaves_a_marker(kind: str, store: Callable[..., Path]) -> None:
    path = store(MadeUp(seed=1))
    journal = measure(MadeUp(seed=2), path)
    other = holder(kind, path)
    sentences: list[str] = []

    def wait(sentence: str) -> None:
        sentences.append(sentence)
        assert (journal / MERGING).exists()
        if len(sentences) == 2:
            other.communicate("\n")

    assert merge(journal, path, wait=wait) == 2
    assert f"PID {other.pid}" in sentences[0]
    assert "is in use by another process (python" in sentences[0]
    assert not journal.exists()


def test_who_waits_may_give_up_and_loses_nothing(store: Callable[..., Path]) -> None:
    path = store(MadeUp(seed=1))
    journal = measure(MadeUp(seed=2), path)
    other = holder("reader", path)

    def wait(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge(journal, path, wait=wait)
    assert not (journal / MERGING).exists()
    other.communicate("\n")
    assert merge(journal, path) == 2


def test_a_reader_is_reported_who_writes(store: Callable[..., Path]) -> None:
    path = store()
    other = holder("writer", path)
    with pytest.raises(BusyError, match=f"PID {other.pid}"):
        open_reader(path)
    with pytest.raises(BusyError, match=f"PID {other.pid}"):
        open_reader(path, path.with_name("results.duckdb"))
    other.communicate("\n")


def test_who_waited_while_the_file_was_replaced_writes_the_new_one(
    store: Callable[..., Path],
) -> None:
    path = store(MadeUp(seed=1), MadeUp(seed=2))
    other = holder("reader", path)
    waiting = [threading.Event(), threading.Event()]
    jobs = [
        threading.Thread(target=remove, args=(path, 1, lambda _: waiting[0].set())),
        threading.Thread(
            target=merge,
            args=(measure(MadeUp(seed=3), path), path, "all", lambda _: waiting[1].set()),
        ),
    ]
    for job in jobs:
        job.start()
    assert all(each.wait(20) for each in waiting)
    other.communicate("\n")
    for job in jobs:
        job.join(60)
    names = {row[1] for run in (1, 2, 3) for row in rows(path, "runs", run)}
    assert names == {"made up · 2", "made up · 3"}


def test_removing_waits_for_a_reader_that_has_the_file(store: Callable[..., Path]) -> None:
    path = store()
    other = holder("reader", path)
    began = time.perf_counter()
    threading.Timer(1.0, lambda: other.communicate("\n")).start()
    remove(path, 1)
    assert time.perf_counter() - began > 0.9
