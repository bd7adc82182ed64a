"""The Ray engine against the local one: the same store, bit for bit, whoever dies on the way."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import psutil
import pytest

from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import run
from neurontui.store.errors import InputError, ModelError
from neurontui.store.journal.position import Position, words
from neurontui.store.schema import layout, tables_of_a_run
from tests.conftest import Tally
from tests.tui.cli.command_line import is_one_sentence, neurontui

pytestmark = pytest.mark.xdist_group("ray")
VARIES = {"started", "seconds"}


def config(out: Path) -> RunConfig:
    """Five batches; an ablation that needs a survey before."""
    return RunConfig(
        model=str(DEMO_MODEL), task=str(demo_task("fact")), out=out, device="cpu", limit=5,
        languages=("en", "de", "tr"), measures=("types", "attribution", "ablation"),
        ablation_fractions=(), ablation_doses=(), ablation_set="global", ablation_value=("mean",),
        ablation_examples=2, max_new_tokens=2, batch_examples=1,
    )  # fmt: skip


def content(path: Path) -> dict[str, list[str]]:
    """Every row of every table."""
    found = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in tables_of_a_run():
            names = ", ".join(each for each in layout()[table] if each not in VARIES)
            rows = connection.execute(f"SELECT {names} FROM {table}").fetchall()
            found[table] = sorted(map(repr, rows))
    return {table: rows for table, rows in found.items() if table != "checksums"}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    out = tmp_path_factory.mktemp("local") / "results.duckdb"
    run(config(out), NullProgress())
    return content(out)


def corpus_config(folder: Path, out: Path) -> RunConfig:
    """A corpus of two languages in seven batches."""
    for code, text in (("en", "The capital of {} is far away.\n"), ("de", "Die Hauptstadt von {} ist weit.\n")):
        (folder / f"{code}.txt").write_text("".join(text.format(i) for i in range(7)))
    return RunConfig(
        model=str(DEMO_MODEL), task="corpus", data=folder, out=out, device="cpu", batch_examples=2, precision_texts=4
    )


@pytest.mark.faults
def test_a_corpus_gives_the_same_rows(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    alone = corpus_config(folder, tmp_path / "local.duckdb")
    run(alone, NullProgress())
    several = replace(alone, out=tmp_path / "ray.duckdb", engine="ray", workers=2)
    run(several, NullProgress())
    assert content(several.out) == content(alone.out)


def workers(of: int) -> list[int]:
    """Process ids of the Ray workers below a process."""
    below = psutil.Process(of).children(recursive=True)
    return [each.pid for each in below if each.name().startswith("ray::RayWorker")]


class Assassin(NullProgress):
    """Kills a worker while batches are measured, until one was at work, and keeps what is shown."""

    def __init__(self) -> None:
        self.killed: list[int] = []
        self.sentences: list[str] = []
        self.positions: list[Position] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def show(self, position: Position) -> None:
        self.positions.append(position)
        at_work = any(level.name == "batch" and level.done for level in position) and "survey" not in words(position)
        if not at_work or any("A worker was lost" in each for each in self.sentences):
            return
        # One that dies between two batches takes nothing with it: then another has to go.
        for each in workers(os.getpid())[:1]:
            self.killed.append(each)
            os.kill(each, signal.SIGKILL)


@pytest.mark.faults
def test_a_killed_worker_changes_nothing(local: dict[str, list[str]], tmp_path: Path, tally: Tally) -> None:
    out, progress = tmp_path / "ray.duckdb", Assassin()
    run(replace(config(out), engine="ray", workers=2), progress)

    assert progress.killed
    assert any("2 Ray worker(s)" in each for each in progress.sentences)
    assert any("A worker was lost" in each for each in progress.sentences)
    measured = [level.done for position in progress.positions for level in position if level.name == "batch"]
    assert measured[-1] == 5
    assert content(out) == local
    tally(
        "fault", "kill -9 of Ray workers", len(progress.killed),
        "the same content as on one machine, table by table",
    )  # fmt: skip


@pytest.mark.faults
def test_a_killed_driver_goes_on(local: dict[str, list[str]], tmp_path: Path, tally: Tally) -> None:
    out = tmp_path / "ray.duckdb"
    script = tmp_path / "drive.py"
    script.write_text(
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from neurontui.compute.progress import NullProgress; from neurontui.compute.run import run\n"
        "from tests.compute.engines.test_ray import config\n"
        "run(replace(config(Path(sys.argv[1])), engine='ray', workers=2), NullProgress())\n"
    )
    line = [sys.executable, str(script), str(out)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    driver = subprocess.Popen(line, env=environment)
    while driver.poll() is None and not list(tmp_path.glob("ray.duckdb.journal/*/batch-*")):
        time.sleep(0.02)
    orphans = workers(driver.pid)
    driver.kill()
    assert driver.wait() == -signal.SIGKILL
    assert not out.exists()
    finished = {each.name for each in tmp_path.glob("ray.duckdb.journal/*/batch-*")}
    assert 0 < len(finished) < 5

    again = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert again.stderr == ""
    assert content(out) == local
    assert orphans
    deadline = time.monotonic() + 60
    while any(map(psutil.pid_exists, orphans)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, orphans))
    came = "rerunning the command gives the same content; its workers ended by themselves"
    tally("fault", "kill -9 of a run on Ray", 1, came)


@pytest.mark.faults
def test_failures_of_workers_are_reported_as_everywhere(tmp_path: Path) -> None:
    """An example that cannot be measured, and a model that one machine has not."""
    task = tmp_path / "long.jsonl"
    task.write_text('{"id": "a", "prompts": {"en": "%s", "de": "x", "tr": "x"}}\n' % ("w " * 900))
    ray = replace(config(tmp_path / "r.duckdb"), engine="ray", measures=("types",))
    with pytest.raises(ModelError, match="has no config"):
        run(replace(ray, model=str(tmp_path)), NullProgress())
    from tests.compute.tiny import save_tiny

    folder = save_tiny("gpt2", tmp_path / "gpt2")
    with pytest.raises(InputError, match="more than the 128"):
        run(replace(ray, model=str(folder), task=str(task)), NullProgress())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--address", "ADDRESS"), "No Ray cluster can be reached at"),
        (("--address", "ray://somewhere:10001"), "not HOST:PORT"),
    ],
)
def test_a_cluster_that_is_not_there(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        free = f"127.0.0.1:{unused.getsockname()[1]}"
    line = ("--model", DEMO_MODEL, "--task", demo_task("fact"), "--limit", 1, "--engine", "ray")
    said = neurontui(
        "run", *line, *(free if each == "ADDRESS" else each for each in options), "--out", tmp_path / "r.duckdb"
    )  # fmt: skip
    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err


def test_without_ray_the_command_that_installs_it_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if "engines.ray" in each]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ray", None)
    line = ("--model", DEMO_MODEL, "--task", demo_task("fact"), "--limit", 1, "--engine", "ray")
    said = neurontui("run", *line, "--out", tmp_path / "r.duckdb")
    assert said.code == 9
    assert "pip install 'neurontui[ray]'" in said.err
    assert not list(tmp_path.iterdir())


def test_options_of_ray_need_ray(tmp_path: Path) -> None:
    line = ("--model", DEMO_MODEL, "--task", demo_task("fact"), "--workers", 2)
    said = neurontui("run", *line, "--out", tmp_path / "r.duckdb")
    assert said.code == 2
    assert is_one_sentence(said)
