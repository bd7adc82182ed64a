"""No room, no rights: the real commands say it in a sentence, lose nothing, and go on once there is room."""

import os
import random
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from neurontui.compute.answers.output_language import detector
from tests.conftest import Tally
from tests.faults.commands import Command, Limit, as_nobody, on_a_full_disk, run
from tests.faults.whole import MODEL, beside, content, line, undisturbed

ROOT = os.geteuid() == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty disk of 64 MB."""
    if not ROOT:
        pytest.skip("NOT RUN: only root can mount a small disk to fill it")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fails_in_a_sentence(command: Command, codes: tuple[int, ...]) -> bool:
    """Whether a command failed for want of room; fails where it says so in anything but one sentence."""
    code = command.wait()
    last = command.err.strip().splitlines()[-1:]
    assert code == 0 or (code in codes and last[0].startswith("neurontui: ")), command.err
    assert "Traceback" not in command.err
    assert "internal error" not in command.err
    return code != 0


def _fill(disk: Path, left: int) -> Path:
    status = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, status.f_bavail * status.f_frsize - left)))
    return filler


@pytest.mark.faults
def test_a_full_disk_under_a_run(disk: Path, tmp_path: Path, tally: Tally) -> None:
    chance = random.Random(6)
    wanted, _ = undisturbed()
    out = disk / "r.duckdb"
    failed = 0
    for _ in range(8):
        filler = _fill(disk, chance.randrange(4096, 3_000_000))
        failed += fails_in_a_sentence(run(tmp_path / "said", *line(out)), (4,))
        filler.unlink()
        again = run(tmp_path / "said", *line(out))
        assert again.wait() == 0, again.err
        assert content(out) == wanted
        assert [each.name for each in disk.iterdir()] == ["r.duckdb"]
        out.unlink()
    assert failed > 2
    came = "reported as an error; rerunning the command gives the same content"
    tally("fault", "disk full under `neurontui run`, shards or merge", failed, came)


@pytest.mark.faults
def test_a_full_disk_under_every_command_that_writes(disk: Path, tmp_path: Path, measured: Path, tally: Tally) -> None:
    chance = random.Random(7)
    source = disk / "s.duckdb"
    source.write_bytes(measured.read_bytes())
    before = content(source)
    lines = (
        ("merge", source, "--out", disk / "m.duckdb"), ("export", source, "--out", disk / "e"),
        ("remove", source, "1"), ("query", source, "schema", "--out", disk / "q.csv"),
        ("sql", source, "from activations", "--format", "csv", "--out", disk / "a.csv"),
        ("report", source, "--out", disk / "p.md"),
    )  # fmt: skip
    failed = 0
    for command in lines:
        for _ in range(2):
            filler = _fill(disk, chance.randrange(0, 60_000))
            failed += fails_in_a_sentence(run(tmp_path / "said", *command), (3, 4))
            filler.unlink()
            assert source.exists()
            if command[0] == "report":
                assert not (disk / "p.md").exists() or "# " in (disk / "p.md").read_text()
        assert content(source) == before or command[0] == "remove"
    left = {each.name for each in disk.iterdir()} - {"s.duckdb", "p_files", "p.md", "q.csv"}
    assert left == set(), left
    assert failed > 5
    tally(
        "fault",
        "disk full under merge, export, remove, query, sql, report",
        failed,
        "reported as an error; no partial files",
    )


@dataclass(frozen=True)
class FilesOf:
    """A `before`: no file may be larger; what libraries unpack has been unpacked."""

    size: int

    def __call__(self) -> None:
        detector(frozenset(("de", "en")))
        Limit(resource.RLIMIT_FSIZE, self.size)()


@pytest.mark.faults
def test_files_that_may_not_grow(tmp_path: Path, tally: Tally) -> None:
    wanted, _ = undisturbed()
    failed = 0
    for number, limit in enumerate((5_000, 40_000, 300_000, 900_000, 1_400_000)):
        out = tmp_path / f"r{number}.duckdb"
        unpacked = run(tmp_path / "said", *line(out), before=Limit(resource.RLIMIT_FSIZE, limit))
        assert fails_in_a_sentence(unpacked, (4,))
        assert "set TMPDIR to a folder with room" in unpacked.err
        failed += fails_in_a_sentence(run(tmp_path / "said", *line(out), before=FilesOf(limit)), (4,))
        again = run(tmp_path / "said", *line(out))
        assert again.wait() == 0, again.err
        assert content(out) == wanted
        assert beside(out) == []
    assert failed > 2
    came = "reported as an error; rerunning the command gives the same content"
    tally("fault", "a quota on the size of files under `neurontui run`", failed, came)


@pytest.mark.skipif(not ROOT, reason="NOT RUN: only root can give up its rights, and others test it by chmod alone")
def test_folders_that_cannot_be_written(tmp_path: Path, measured: Path, tally: Tally) -> None:
    folder, results = tmp_path / "locked", tmp_path / "locked" / "r.duckdb"
    folder.mkdir()
    results.write_bytes(measured.read_bytes())
    task = folder / "unreadable.jsonl"
    task.write_text("{}")
    task.chmod(0)
    for each in (tmp_path, *tmp_path.parents):
        if each == tmp_path or each.name.startswith(("popen-", "pytest-")):
            each.chmod(0o755)
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0)
    folder.chmod(0o555)
    results.chmod(0o444)
    said = tmp_path / "said"
    said.mkdir(mode=0o777)
    for command, code in (
        (line(folder / "new.duckdb"), 4), (line(results, "xnli"), 4), (("remove", results, "1"), 4),
        (("merge", results, "--out", folder / "n.duckdb"), 4), (("export", results, "--out", folder / "e"), 4),
        (("query", results, "runs", "--out", folder / "q.csv"), 3), (("check", task), 3),
        ((*MODEL, "--task", task, "--out", said / "x.duckdb"), 3), (("info", "--verify", results), 0),
        (line(hidden / "new.duckdb"), 3), (("run", hidden / "paper.toml"), 3), (("info", hidden / "r.duckdb"), 4),
        (("query", results, "runs", "--out", hidden / "q.csv"), 3),
        (("merge", results, "--out", hidden / "n.duckdb"), 3), (("export", results, "--out", hidden / "e"), 3),
    ):  # fmt: skip
        done = run(said, *command, before=as_nobody)
        assert done.wait() == code, (command, done.err)
        fails_in_a_sentence(done, (code,))
    assert sorted(each.name for each in folder.iterdir()) == ["r.duckdb", "unreadable.jsonl"]
    tally(
        "fault",
        "folders and files without permission to write or read",
        14,
        "reported as an error; reading still works",
    )


def test_a_full_disk_behind_stdout(tmp_path: Path, measured: Path, tally: Tally) -> None:
    lines = (("query", measured), ("sql", measured, "from activations", "--format", "csv"), ("info", measured),
             ("--help",))  # fmt: skip
    for command in lines:
        assert fails_in_a_sentence(run(tmp_path, *command, before=on_a_full_disk), (3,))
    tally("fault", "disk full behind stdout", len(lines), "reported as an error")
