"""The journal: whole batches or none, resumed, locked, and checked before it is believed."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from neurontui.store.errors import BusyError, StoreError
from neurontui.store.journal.journal import MERGING, Journal, list_journals, lock_journal, read_manifest
from neurontui.store.journal.shards import batch_folder, is_whole, read_index
from neurontui.store.merge.merge import merge
from tests.store.conftest import measure
from tests.store.content import content
from tests.store.made_up import MadeUp

RUN = MadeUp()
Merged = Callable[[tuple[MadeUp, ...]], Path]


def test_a_second_session_goes_on_with_what_is_finished(results: Path) -> None:
    with Journal.open(results, RUN.manifest) as journal:
        journal.write(1, RUN.shards(range(5, 10)), seconds=1.0, tokens=7)
    later = RUN.manifest.from_json(RUN.manifest.to_json().replace("03:04:05", "23:59:59"))
    with Journal.open(results, later) as journal:
        assert journal.finished == {1}
        assert journal.manifest.started == RUN.manifest.started  # when it began, not when it went on


def test_pieces_of_a_batch_lie_behind_each_other(results: Path) -> None:
    whole, pieces = RUN.shards(range(5)), [RUN.shards([e]) for e in range(5)]
    with Journal.open(results, RUN.manifest) as journal:
        journal.write(0, {"activations": whole["activations"]}, 1.0, 5)
        with journal.writer(1) as writer:
            for each in pieces:
                writer.append({"activations": each["activations"]})
            writer.publish(1.0, 5)
        read = [pq.read_table(batch_folder(journal.path, n) / "activations.parquet") for n in (0, 1)]
    assert read[0].equals(whole["activations"])
    assert read[1].equals(pa.concat_tables(each["activations"] for each in pieces))
    assert sorted(read[0].to_pylist(), key=str) == sorted(read[1].to_pylist(), key=str)


def test_an_abandoned_batch_leaves_nothing(results: Path) -> None:
    with Journal.open(results, RUN.manifest) as journal:
        with journal.writer(0) as writer:
            writer.append(RUN.shards([0]))
        assert journal.finished == set()
        assert sorted(each.name for each in journal.path.iterdir()) == [".lock", "manifest.json"]


def test_only_one_process_holds_a_journal(results: Path) -> None:
    with Journal.open(results, RUN.manifest) as journal:
        with pytest.raises(BusyError, match="Another process is measuring this run"):
            Journal.open(results, RUN.manifest)
        assert list_journals(results)[0].running
    assert not list_journals(results)[0].running
    lock_journal(journal.path).release()


def test_progress_of_unfinished_runs_is_listed(results: Path) -> None:
    with Journal.open(results, RUN.manifest) as journal:
        journal.write(0, RUN.shards([0]), 1.0, 1)
        (journal.path / MERGING).touch()
        [progress] = list_journals(results)
    assert (progress.name, progress.done, progress.total) == ("made up · 0", 1, 3)
    assert progress.merging
    # Its process is gone: a marker left by one that was killed says nothing.
    assert not list_journals(results)[0].merging
    assert list_journals(results.with_name("other.duckdb")) == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove", "index"])
def test_a_damaged_batch_is_measured_again(results: Path, damage: str, merged: Merged) -> None:
    journal = measure(RUN, results)
    _damage(batch_folder(journal, 1), damage)
    assert not is_whole(batch_folder(journal, 1))
    with pytest.raises(StoreError, match="1 of 4 parts of the run made up · 0 were damaged"):
        merge(journal, results)
    with Journal.open(results, RUN.manifest) as again:
        assert again.finished == {0, 2}
    merge(measure(RUN, results), results)
    assert content(results) == content(merged((RUN,)))


def test_damage_is_found_when_the_journal_is_opened_too(results: Path) -> None:
    journal = measure(RUN, results)
    _damage(batch_folder(journal, 2), "flip")
    with Journal.open(results, RUN.manifest) as again:
        assert again.finished == {0, 1}


def test_a_damaged_manifest_is_written_anew(results: Path) -> None:
    journal = measure(RUN, results)
    (journal / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StoreError, match="no readable manifest"):
        read_manifest(journal)
    with Journal.open(results, RUN.manifest) as again:
        assert again.finished == {0, 1, 2}
    assert read_manifest(journal) == RUN.manifest


def test_seconds_and_tokens_are_kept_with_each_batch(results: Path) -> None:
    index = read_index(batch_folder(measure(RUN, results), 0))
    assert (index.seconds, index.tokens) == (0.5, 50)
    assert {each.table: each.rows for each in index.files}["activations"] == 5 * 2 * 7


def test_shards_that_do_not_fit_are_refused(results: Path) -> None:
    good = RUN.shards([0])["activations"]
    with Journal.open(results, RUN.manifest) as journal:
        for table, wrong in (
            ("activations", good.drop_columns("mask")),
            ("activations", good.append_column("run", pa.array([1] * len(good)))),
            ("activations", good.set_column(3, "mask", pa.array(["x"] * len(good)))),
            ("neuron_types", good),
            ("../../etc/passwd", good),
        ):
            with pytest.raises(StoreError):
                journal.write(0, {table: wrong}, 1.0, 1)
        assert journal.finished == set()


def test_keys_and_names_cannot_leave_the_folder(results: Path) -> None:
    manifest = RUN.manifest.from_json(
        RUN.manifest.to_json().replace("made-up-0-13", "../../../tmp/x").replace("made up", "/../..")
    )
    with Journal.open(results, manifest) as journal:
        assert journal.path.parent == results.with_name("results.duckdb.journal")


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="check that the folder is writable"):
        Journal.open(blocked / "results.duckdb", RUN.manifest)


def _damage(folder: Path, how: str) -> None:
    file = folder / ("index.json" if how == "index" else "mask_histogram.parquet")
    data = bytearray(file.read_bytes())
    if how == "remove":
        file.unlink()
        return
    if how in ("flip", "index"):
        data[len(data) // 2] ^= 4
    file.write_bytes({"cut": bytes(data[:-9]), "empty": b""}.get(how, bytes(data)))


def test_index_tells_what_a_batch_holds(results: Path) -> None:
    folder = batch_folder(measure(RUN, results), 0)
    _, body = (folder / "index.json").read_text(encoding="utf-8").splitlines()
    files = {each["table"]: each for each in json.loads(body)["files"]}
    assert set(files) == set(RUN.shards(range(5)))
    for name, each in files.items():
        assert os.path.getsize(folder / f"{name}.parquet") == each["bytes"]  # noqa: PTH202
