"""Unusual input of people and scripts: one sentence and a documented exit code; devices are not replaced."""

import json
import os
import signal
import stat
import threading
from pathlib import Path

import pytest

from neurontui.compute.demo import DEMO_MODEL, demo_task
from tests.tui.cli.command_line import is_one_sentence, neurontui

RUN = ("run", "--model", DEMO_MODEL, "--task", demo_task("fact"), "--device", "cpu", "--limit", 1)
STRANGE = b"\xff\xfe.duckdb".decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "0", "-1", "1e300"])
def test_seconds_that_are_none(measured: Path, seconds: str) -> None:
    said = neurontui("sql", measured, "select 1", "--seconds", seconds)
    assert said.code == 2
    assert is_one_sentence(said)


def test_seconds_may_be_more_than_a_query_has_by_default(measured: Path) -> None:
    said = neurontui(
        "sql", measured, "select current_setting('max_execution_time') as x", "--seconds", 1200,
        "--format", "csv",
    )  # fmt: skip
    assert said.out.split()[1] == "1200000"


@pytest.mark.parametrize("form", ["table", "csv", "json", "md"])
def test_values_that_python_cannot_hold_are_shown(measured: Path, form: str, tmp_path: Path) -> None:
    values = (
        "'infinity'::date", "'290000-01-01'::timestamp", "['-infinity'::date]", "interval 1 month",
        "340282366920938463463374607431768211455::uhugeint", "'24:00:00'::time", "1::bignum",
        "'2020-01-01 00:00:00.123456789'::timestamp_ns", "'101'::bit", "union_value(x := 'infinity'::date)",
    )  # fmt: skip
    sql = f"select {', '.join(values)}"
    said = neurontui("sql", measured, sql, "--format", form)
    assert said.code == 0, said.err
    for word in ("infinity", "290000-01-01", "1 month", "340282366920938463463374607431768211455",
                 "24:00:00", ".123456789", "101"):  # fmt: skip
        assert word in said.out, word
    whole = tmp_path / "whole.parquet"
    assert neurontui("sql", measured, sql, "--format", "parquet", "--out", whole).code == 0


def test_json_keeps_columns_of_one_name(measured: Path) -> None:
    said = neurontui("sql", measured, "select 1 as a, 2 as a, 3 as a_1", "--format", "json")
    assert json.loads(said.out) == [{"a": 1, "a_1": 2, "a_1_1": 3}]


def test_what_is_no_file_is_written_into_and_stays_what_it_is(measured: Path, tmp_path: Path) -> None:
    pipe, link, target = tmp_path / "pipe", tmp_path / "link.csv", tmp_path / "target.csv"
    os.mkfifo(pipe)
    link.symlink_to(target)
    got: list[bytes] = []
    reading = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reading.start()
    line = ("query", measured, "runs", "--format", "csv", "--out")
    assert neurontui(*line, pipe).code == 0
    reading.join(20)
    assert got[0].startswith(b"run,name")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert neurontui(*line, link).code == 0
    assert link.is_symlink()
    assert target.read_bytes() == got[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.csv", "pipe", "target.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN: the system has no /dev/full")
def test_an_output_without_room(measured: Path) -> None:
    said = neurontui("query", measured, "runs", "--out", "/dev/full")
    assert said.code == 3
    assert "disk is full" in said.err
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)  # noqa: PTH116


def test_a_name_with_escapes_cannot_reach_the_terminal(tmp_path: Path) -> None:
    for line in (
        ("info",),
        ("merge", "--out", tmp_path / "o.duckdb"),
        ("export", "--out", "\x1b]0;x\x07"),
    ):
        said = neurontui(line[0], tmp_path / "\x1b]0;owned\x07\x9b31m.duckdb", *line[1:])
        assert said.code == 4
        assert is_one_sentence(said)
        assert not set("\x1b\x07\x9b") & set(said.err)
    said = neurontui("query", "x", "--format", "\x1b]0;owned\x07")
    assert said.code == 2
    assert "\x1b" not in said.err


def test_a_name_that_duckdb_cannot_open(measured: Path, tmp_path: Path) -> None:
    path = tmp_path / STRANGE
    path.write_bytes(measured.read_bytes())
    lines = (
        ("info", path), ("query", path), ("merge", path, "--out", tmp_path / "o.duckdb"),
        ("merge", measured, "--out", path), ("export", measured, "--out", tmp_path / "\udcff"),
        (*RUN, "--out", tmp_path / "\udcfe.duckdb"),
    )  # fmt: skip
    for line in lines:
        said = neurontui(*line)
        assert said.code == 4, said
        assert "not UTF-8" in said.err


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        (("--out", "x" * 246), 4, "too long"),
        (("--out", "r.duckdb", "--thresholds", "0,0.5,0"), 2, "twice"),
        (("--out", "r.duckdb", "--seed", "9" * 30), 2, "63 bits"),
        (("--out", "r.duckdb", "--thresholds", "nan"), 2, "finite"),
    ],
)
def test_a_run_that_could_not_be_stored_is_not_begun(
    options: tuple[str, ...], code: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = neurontui(*RUN, *options)
    assert said.code == code
    assert word in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "columns",
    ["'a' layer, 'b' neuron", "null::int layer, 1 neuron", "'infinity'::float layer, 1 neuron"],
)
def test_neurons_that_are_no_numbers(measured: Path, columns: str) -> None:
    said = neurontui(*RUN, "--out", measured, "--measures", "ablation", "--ablate-sql", f"select {columns}")
    assert said.code == 8
    assert is_one_sentence(said)


ODD = [
    "it's", 'q"q', "a#b", "a%20b", "a[1]", "b*", "-dash", "\u202eevil", "😀", "layer=1", "~", "$HOME", "a;b", "{x,y}",
    " lead", "trail ", "file:", "s3:x", ":memory:", "\x1b[31m", "a\nb",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_files_of_odd_names_are_files_like_others(measured: Path, name: str, tmp_path: Path) -> None:
    path, out = tmp_path / f"{name}.duckdb", tmp_path / f"{name}-out"
    path.symlink_to(measured)
    task = tmp_path / f"{name}.jsonl"
    task.write_text('{"id": "1", "prompts": {"en": "a", "de": "b", "fr": "c"}}\n')
    lines = (
        ("query", path, "runs", "--format", "csv", "--out", out.with_suffix(".csv")),
        ("sql", path, "select 1"), ("info", path), ("check", task),
        ("merge", path, "--out", out.with_suffix(".duckdb")), ("info", out.with_suffix(".duckdb")),
    )  # fmt: skip
    for line in lines:
        said = neurontui(*line)
        assert said.code == 0, said.err
        assert not set("\x1b\u202e") & set(said.err + said.out)
    assert neurontui("query", measured, name, "--").code == 2


@pytest.mark.parametrize("name", ["a?b", "a\\b", "x" * 246])
def test_names_that_duckdb_reads_in_another_way(measured: Path, name: str, tmp_path: Path) -> None:
    """DuckDB expects the log of `a?b` in `a.wal?b` and reads a backslash as a slash."""
    path = tmp_path / f"{name}.duckdb"
    lines = [("merge", measured, "--out", path), (*RUN, "--out", path)]
    if len(name) < 9:
        path.write_bytes(measured.read_bytes())
        lines += [("info", path), ("query", path), ("remove", path, 1)]
    for line in lines:
        said = neurontui(*line)
        assert said.code == 4, said
        assert said.err.splitlines()[-1].startswith("neurontui: ")
        assert "internal error" not in said.err


@pytest.mark.faults
def test_bytes_that_are_no_text(measured: Path, tmp_path: Path) -> None:
    bad = b"\xff\xfe".decode("utf-8", "surrogateescape")
    assert neurontui("sql", measured, f"select '{bad}'").code == 2
    assert neurontui("query", measured, "runs", "--run", bad).code == 2
    assert neurontui("query", measured, bad).code == 2
    assert neurontui("report", measured, "--out", tmp_path / f"{bad}.md").code == 0
    task = tmp_path / f"{bad}.jsonl"
    task.write_text('{"id": "1", "prompts": {"en": "a", "de": "b", "fr": "c"}}\n')
    assert neurontui("check", task).code == 0
    task.write_text("{")
    assert neurontui("check", task).code == 3


def test_ctrl_c_stops_a_query_that_takes_hours(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def existing_manifest(relation: object) -> object:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        return relation

    monkeypatch.setattr("neurontui.queries.running_query.readable", existing_manifest)
    said = neurontui("sql", measured, "select sum(hash(range)) from range(1000000000000)")
    assert said.code == 130
    assert said.err.strip() == "neurontui: interrupted"
