"""Batches that come from another machine: whole, or not at all."""

from pathlib import Path

import pyarrow as pa
import pytest

from neurontui.store.errors import StoreError
from neurontui.store.journal.shards import is_whole, read_files, write_files, write_shards


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """A batch as a worker sends it."""
    write_shards(
        tmp_path / "there" / "batch-000003",
        {"notes": pa.table({"topic": ["data"], "text": ["a note"]})},
    )
    return read_files(tmp_path / "there" / "batch-000003")


def test_a_batch_arrives_as_it_was_sent(files: dict[str, bytes], tmp_path: Path) -> None:
    here = tmp_path / "here" / "batch-000003"
    write_files(here, files)
    write_files(here, files)  # measured twice: the first one counts

    assert is_whole(here)
    assert read_files(here) == files
    assert [each.name for each in here.parent.iterdir()] == [here.name]


@pytest.mark.parametrize("harm", ["cut", "lost"])
def test_a_damaged_batch_is_refused_and_leaves_nothing(harm: str, files: dict[str, bytes], tmp_path: Path) -> None:
    here = tmp_path / "here" / "batch-000003"
    name = "notes.parquet"
    harmed = files | {name: files[name][:-1]} if harm == "cut" else {"index.json": files["index.json"]}  # fmt: skip

    with pytest.raises(StoreError, match="arrived incomplete or damaged"):
        write_files(here, harmed)
    assert list(here.parent.iterdir()) == []
