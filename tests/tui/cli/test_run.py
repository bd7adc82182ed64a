"""`neurontui run`: resuming after a kill, errors in one sentence, and dry runs."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.store.schema import tables_of_a_run
from tests.tui.cli.command_line import is_one_sentence, neurontui

MODEL = ("--model", DEMO_MODEL, "--device", "cpu")
FACT = (*MODEL, "--task", demo_task("fact"), "--limit", 12, "--batch-examples", 1)
VARIES = {"started", "seconds"}


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A task file without answers."""
    path = tmp_path / "questions.jsonl"
    prompts = {
        "en": "The capital of France is",
        "de": "Die Hauptstadt von Frankreich ist",
        "fr": "Paris est",
    }
    path.write_text(json.dumps({"id": "france", "prompts": prompts}) + "\n", encoding="utf-8")
    return path


def _content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table of a results file, without the columns that differ between two sessions."""
    tables = {}
    with duckdb.connect(str(path), read_only=True) as connection:
        for table in tables_of_a_run():
            names = [row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()]
            kept = ", ".join(name for name in names if name not in VARIES)
            tables[table] = connection.execute(f"SELECT {kept} FROM {table} ORDER BY ALL").fetchall()
    del tables["checksums"]
    return tables


@pytest.mark.faults
def test_a_killed_run_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole.duckdb", tmp_path / "killed.duckdb"
    line = [sys.executable, "-m", "neurontui.tui", "run", *map(str, FACT), "--out", str(killed)]

    process = subprocess.Popen(line)
    journal = tmp_path / "killed.duckdb.journal"
    while process.poll() is None and len(list(journal.glob("*/batch-*"))) < 3:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not killed.exists()

    again = neurontui("run", *FACT, "--out", killed)
    assert again.code == 0, again.err
    assert "resuming after" in again.err
    assert not journal.exists() or not list(journal.iterdir())
    assert neurontui("run", *FACT, "--out", whole).code == 0
    assert _content(killed) == _content(whole)


def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "neurontui.tui", "run", *map(str, FACT)]
    line += ["--out", str(tmp_path / "r.duckdb")]
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not list(tmp_path.glob("r.duckdb.journal/*/batch-*")):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Rerun the same command to resume:\nneurontui run --model" in err
    assert "Traceback" not in err


def test_the_same_run_is_not_measured_twice(measured: Path, tmp_path: Path) -> None:
    out = tmp_path / "twice.duckdb"
    line = ("run", *MODEL, "--task", demo_task("fact"), "--limit", 2, "--out", out)

    assert "measured" in neurontui(*line).err
    half_deleted = tmp_path / "twice.duckdb.journal" / ".demo-fact.merged" / "batch-000000"
    half_deleted.mkdir(parents=True)  # as a kill between merge and tidying leaves it
    assert "already in the file" in neurontui(*line).err
    assert [path.name for path in tmp_path.iterdir()] == ["twice.duckdb"]
    runs = neurontui("sql", out, "select count(*) from runs", "--format", "csv").out
    assert runs.splitlines()[-1] == "1"


def test_a_dry_run_shows_prompts_and_sizes_and_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "dry.duckdb"
    said = neurontui("run", *FACT, "--out", out, "--dry-run")

    assert said.code == 0
    assert "The capital of" in said.out
    assert "12 examples" in said.out
    assert f"{12 * 6 * 768:,}" in said.out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("measures", "word"), [("ablation", "no accuracy"), ("types,attribution", "effective scores")])
def test_measures_that_need_answers_refuse_without(questions: Path, tmp_path: Path, measures: str, word: str) -> None:
    out = tmp_path / "none.duckdb"
    said = neurontui("run", *MODEL, "--task", questions, "--out", out, "--measures", measures)

    assert said.code == 3
    assert word in said.err
    assert "Traceback" not in said.err
    assert not list(tmp_path.glob("none.duckdb*"))


def test_neurons_that_do_not_exist_are_refused(tmp_path: Path) -> None:
    neurons = tmp_path / "neurons.csv"
    neurons.write_text("layer,neuron\n1,5\n2,9999\n")
    out = tmp_path / "none.duckdb"
    said = neurontui("run", *FACT, "--out", out, "--measures", "ablation", "--ablate", neurons)

    assert said.code == 3
    assert "9999" in said.err
    assert not list(tmp_path.glob("none.duckdb*"))


def test_own_neurons_are_switched_off_from_a_file_and_from_a_query(measured: Path, tmp_path: Path) -> None:
    neurons, out = tmp_path / "neurons.csv", tmp_path / "own.duckdb"
    neurons.write_text("layer,neuron\n0,1\n5,700\n0,1\n")
    shutil.copy(measured, out)
    few = (
        "--limit",
        2,
        "--measures",
        "ablation",
        "--ablation-fractions",
        0.05,
        "--ablation-seeds",
        1,
    )
    selected = "select distinct layer, neuron from top_neurons where layer = 2 and rank = 1"
    line = ("run", *MODEL, "--task", demo_task("fact"), *few, "--max-new-tokens", 2, "--out", out)

    said = neurontui(*line, "--ablate", neurons, "--ablate-sql", selected)

    assert said.code == 0, said.err
    sizes = neurontui(
        "sql", out, "--format", "csv",
        "select distinct condition, n_ablated from ablation_examples join conditions using (run, condition) "
        f"where kind = 'user' and run = 2 union all select -1, count(*) from ({selected} and run = 1) order by 1",
    ).out.split()[1:]  # fmt: skip
    expected, from_file, from_query = (int(line.split(",")[1]) for line in sizes)
    assert from_file == 2
    assert from_query == expected


def test_own_neurons_by_language(measured: Path, tmp_path: Path) -> None:
    neurons, out = tmp_path / "neurons.csv", tmp_path / "own.duckdb"
    neurons.write_text("layer,neuron,language\n0,1,de\n5,700,de\n0,1,\n3,4,EN\n")
    shutil.copy(measured, out)
    few = ("--limit", 2, "--ablation-fractions", 0.05, "--ablation-seeds", 1, "--max-new-tokens", 2)
    line = (
        "run",
        *MODEL,
        "--task",
        demo_task("fact"),
        *few,
        "--measures",
        "ablation",
        "--out",
        out,
    )
    selected = "select 2 as layer, 3 as neuron, 'de' as language"

    said = neurontui(*line, "--ablate", neurons, "--ablate-sql", selected)

    assert said.code == 0, said.err
    sizes = neurontui(
        "sql", out, "--format", "csv",
        "select distinct label like '%query%', language, n_ablated from ablation_examples "
        "join conditions using (run, condition) where kind = 'user' and run = 2 order by all",
    ).out.split()[1:]  # fmt: skip
    by_file = [line.split(",")[1:] for line in sizes if line.lower().startswith("false")]
    by_query = [line.split(",")[1:] for line in sizes if line.lower().startswith("true")]
    assert len(by_file) > 2
    assert dict(by_file) == {code: {"de": "2", "en": "2"}.get(code, "1") for code, _ in by_file}
    assert dict(by_query) == {code: "1" if code == "de" else "0" for code, _ in by_query}
    percents = neurontui("query", out, "ablation-accuracy", "--run", 2, "--format", "json", "-p", "languages=en,de").out
    rows = [row for row in json.loads(percents) if row["kind"] == "user" and "query" in row["label"]]
    percents = {row["language"]: row["percent"] for row in rows}
    assert percents["en"] == 0
    assert percents["de"] == pytest.approx(2 * percents[None])
    assert percents["de"] == pytest.approx(100 / (6 * 768))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("layer,neuron,score\n1,5,0.3\n", "remove it"),
        ("layer,neuron,language\n1,5,xx\n", "line 2 names the language 'xx'"),
    ],
)
def test_a_column_or_language_that_is_not_understood_is_refused(text: str, word: str, tmp_path: Path) -> None:
    neurons = tmp_path / "neurons.csv"
    neurons.write_text(text)
    out = tmp_path / "none.duckdb"
    said = neurontui("run", *FACT, "--out", out, "--measures", "ablation", "--ablate", neurons)

    assert said.code == 3
    assert word in said.err.splitlines()[-1]
    assert "Traceback" not in said.err
    assert not list(tmp_path.glob("none.duckdb*"))


@pytest.mark.parametrize(
    "columns",
    [
        "1 layer, 2 neuron, 0.5 score",
        "1 layer, 2.5 neuron",
        "1 layer, true neuron",
        "1 layer, 2 neuron, 3 language",
    ],
)
def test_a_query_selects_nothing_that_is_not_used(measured: Path, columns: str) -> None:
    line = ("run", *FACT, "--out", measured, "--measures", "ablation")
    said = neurontui(*line, "--ablate-sql", f"select {columns}")

    assert said.code == 8
    assert is_one_sentence(said)


def test_neurons_that_no_ablation_would_use_are_refused(tmp_path: Path) -> None:
    neurons = tmp_path / "neurons.csv"
    neurons.write_text("layer,neuron\n1,5\n")
    out = tmp_path / "none.duckdb"
    said = neurontui("run", *FACT, "--out", out, "--ablate", neurons)
    assert said.code == 2
    assert "add ablation to --measures" in said.err
    line = ("run", *FACT, "--out", out, "--measures", "ablation", "--ablation-layers", 0)
    said = neurontui(*line, "--ablate", neurons)
    assert said.code == 3
    assert "layer 1, which --ablation-layers leaves out" in said.err


def test_a_query_that_fails_stops_the_run_before_it_starts(measured: Path) -> None:
    before = measured.stat().st_mtime_ns
    said = neurontui("run", *FACT, "--out", measured, "--measures", "ablation", "--ablate-sql", "select 1")

    assert said.code == 8
    assert is_one_sentence(said)
    assert measured.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--task", "xnli", "--out", "r.duckdb"), 2),
        (("--model", "nowhere/at-all/x", "--task", "fact.jsonl", "--out", "r.duckdb"), 3),
        (("--model", "./absent", "--task", demo_task("fact"), "--out", "r.duckdb"), 5),
        (
            (
                "--model",
                DEMO_MODEL,
                "--task",
                demo_task("fact"),
                "--out",
                "r",
                "--measures",
                "magic",
            ),
            2,
        ),
        (("--model", DEMO_MODEL, "--task", demo_task("fact"), "--out", "/proc/none/r.duckdb"), 4),
    ],
)
def test_what_cannot_run_is_reported_in_a_sentence(arguments: tuple[object, ...], code: int) -> None:
    said = neurontui("run", *arguments)

    assert said.code == code, said
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_key_that_is_no_option_is_refused_in_a_file_of_runs(tmp_path: Path) -> None:
    paper = tmp_path / "paper.toml"
    paper.write_text("[[run]]\nmodel = 'm'\ntask = 't'\nablate_neurons = [[1, 2]]\n")
    said = neurontui("run", paper)
    assert said.code == 3
    assert "'ablate_neurons' is not an option of a run" in said.err
    assert is_one_sentence(said)


def test_many_runs_from_one_file(tmp_path: Path) -> None:
    paper = tmp_path / "paper.toml"
    paper.write_text(
        f"""
        [defaults]
        model = "{DEMO_MODEL}"
        out = "{tmp_path / "paper.duckdb"}"
        device = "cpu"
        limit = 1

        [[run]]
        task = "{demo_task("fact")}"

        [[run]]
        task = "{demo_task("xnli")}"
        measures = ["types"]
        """
    )
    assert neurontui("run", paper).code == 0
    said = neurontui("sql", tmp_path / "paper.duckdb", "select task from runs order by run", "--format", "csv")
    assert said.out.split() == ["task", "fact", "xnli"]
