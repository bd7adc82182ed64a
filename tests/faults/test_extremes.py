"""The largest, smallest and strangest inputs, each through the real check, run, query and explorer."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from transformers import AutoConfig, AutoModelForCausalLM

from neurontui.store.schema import create
from tests.compute.tiny import CONFIGS, randomise, save_tiny, save_tokenizer
from tests.conftest import Tally
from tests.faults.commands import Limit, run
from tests.tui.conftest import state
from tests.tui.driving import NARROW, explorer_of, press, settle, text_of

__all__ = ["state"]  # makes the explorer's state folder one of the test's own
LONG = "The capital of Portugal is. " * 370_000  # ten megabytes
QUERIES = (
    "runs",
    "type-ratio-by-layer",
    "sharing-matrix",
    "examples-search",
    "type-persistence",
    "measures",
)

CASES = {
    "64 languages": {f"l{i:02}": f"The capital of country {i} is" for i in range(64)},
    "1 language": {"en": "The capital of France is"},
    "scripts from right to left": {"ar": "عاصمة البرتغال هي", "he": "בירת פורטוגל היא", "fa": "پایتخت می‌شود"},
    "combining marks, joiners and bidirectional controls": {
        "a": "e" + "\u0301" * 300, "b": "👩‍👩‍👧‍👦 क्षि ಕ್ಷ \u202eevil\u202c",
        "c": "\u2066x\u2069 Z\u0351\u036b\u0343a\u0325"
    },
}  # fmt: skip


def _task(path: Path, *prompts: dict[str, str]) -> Path:
    records = [{"id": f"e{n}", "prompts": each} for n, each in enumerate(prompts)]
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


@contextmanager
def _at_most(more: int) -> Iterator[None]:
    """Let this process reserve only so many more bytes: a query that needs more fails instead of all of the machine."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


async def look(path: Path) -> None:
    """Every screen of the explorer, at 80 by 24."""
    app = explorer_of(path)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for digit in "23456781":
            await press(pilot, digit)
            assert text_of(app).strip()
            assert "exceeded its memory limit" not in text_of(app), digit


async def through_everything(folder: Path, model: Path, task: Path) -> None:
    """check, run, query and open, as a user would."""
    out = folder / "r.duckdb"
    lines = (
        ("check", task), ("run", "--model", model, "--device", "cpu", "--task", task, "--out", out),
        ("info", "--verify", out), *(("query", out, name) for name in QUERIES),
    )  # fmt: skip
    for line in lines:
        done = run(folder / "said", *line)
        assert done.wait() == 0, (line, done.err)
    await look(out)


@pytest.mark.faults
@pytest.mark.parametrize("case", CASES)
async def test_strange_languages(case: str, tmp_path: Path, tally: Tally) -> None:
    prompts = CASES[case]
    task = _task(tmp_path / "t.jsonl", prompts, {code: each + " x" for code, each in prompts.items()})
    await through_everything(tmp_path, save_tiny("bloom", tmp_path / "bloom"), task)
    tally("input", f"{case}: check, run, info, query, explorer", 1, "measured, verified, shown")


@pytest.mark.faults
async def test_one_neuron(tmp_path: Path, tally: Tally) -> None:
    model = AutoModelForCausalLM.from_config(
        AutoConfig.for_model("llama", **{**CONFIGS["llama"], "intermediate_size": 1})
    )
    randomise(model)
    model.save_pretrained(tmp_path / "one")
    save_tokenizer("llama", tmp_path / "one")
    task = _task(tmp_path / "t.jsonl", CASES["scripts from right to left"])
    await through_everything(tmp_path, tmp_path / "one", task)
    tally(
        "input",
        "1 neuron per layer: check, run, info, query, explorer",
        1,
        "measured, verified, shown",
    )


@pytest.mark.faults
async def test_no_examples(tmp_path: Path, tally: Tally) -> None:
    empty, out = tmp_path / "t.jsonl", tmp_path / "r.duckdb"
    empty.write_bytes(b"\n\n")
    model = save_tiny("bloom", tmp_path / "bloom")
    for line, code in (
        (("check", empty), 3), (("run", "--model", model, "--task", empty, "--out", out), 3),
    ):  # fmt: skip
        assert run(tmp_path / "said", *line).wait() == code
    assert not out.exists()
    create(out)
    for line, code in ((("info", "--verify", out), 0), (("query", out, "runs"), 0),
                       (("query", out, "type-ratio-by-layer"), 2)):  # fmt: skip
        done = run(tmp_path / "said", *line)
        assert done.wait() == code, done.err
    app = explorer_of(out)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        for digit in "123456789":
            await press(pilot, digit)
    tally(
        "input",
        "0 examples, and a file without runs: check, run, info, query, explorer",
        1,
        "reported as an error, or shown as empty",
    )


@pytest.mark.faults
async def test_prompts_of_ten_megabytes(tmp_path: Path, tally: Tally) -> None:
    task = _task(tmp_path / "t.jsonl", {"en": LONG}, {"en": "Paris"})
    assert run(tmp_path / "said", "check", task).wait() == 0
    model = save_tiny("gpt2", tmp_path / "gpt2")
    out = tmp_path / "r.duckdb"
    line = ("run", "--model", model, "--device", "cpu", "--task", task, "--out", out)
    refused = run(tmp_path / "said", *line)
    assert refused.wait() == 3, refused.err
    assert "e0" in refused.err.splitlines()[-1]
    assert len(refused.err) < 2_000
    assert run(tmp_path / "said", *line, "--skip-bad").wait() == 0
    bloom = save_tiny("bloom", tmp_path / "bloom")  # which has no longest prompt
    before = Limit(resource.RLIMIT_AS, 8 << 30)
    endless = run(
        tmp_path / "said",
        "run",
        "--model",
        bloom,
        "--device",
        "cpu",
        "--task",
        task,
        "--out",
        out,
        before=before,
    )
    assert endless.wait() == 6, endless.err
    assert "Memory ran out" in endless.err
    with duckdb.connect(str(out)) as connection:
        connection.execute("UPDATE examples SET prompt = repeat('長い ', 3000000)")
    for name in ("runs", "examples-search"):
        assert run(tmp_path / "said", "query", out, name).wait() == 0
    with _at_most(8 << 30):
        await look(out)
    tally(
        "input",
        "prompts of 10 MB: check, run, query, explorer",
        1,
        "reported as an error, left out on request, shown cut",
    )


@pytest.mark.faults
def test_nul_bytes(tmp_path: Path, tally: Tally) -> None:
    task, raw = _task(tmp_path / "t.jsonl", {"en": "a\0b"}), tmp_path / "raw.jsonl"
    raw.write_bytes(b'{"id": "a\0", "prompts": {"en": "x"}}\n\0\n')
    model = save_tiny("bloom", tmp_path / "bloom")
    for each in (task, raw):
        for line in (
            ("check", each),
            ("run", "--model", model, "--task", each, "--out", tmp_path / "r.duckdb"),
        ):
            done = run(tmp_path / "said", *line)
            assert done.wait() == 3, done.err
            assert "\0" not in done.out + done.err
    tally("input", "NUL bytes, escaped and raw: check, run", 4, "reported as an error")


@pytest.mark.faults
async def test_ids_that_want_out_of_the_folder(tmp_path: Path, tally: Tally) -> None:
    home = tmp_path / "home"
    home.mkdir()
    out = home / "r.duckdb"
    evil = "../../../evil"
    task = home / "t.jsonl"
    record = {
        "id": evil,
        "cluster": f"/tmp/{evil}",
        "prompts": {"en": "Paris", "../x": "Paris", "/de": "Paris"},
    }
    task.write_text(json.dumps(record) + "\n")
    model = save_tiny("bloom", home / "bloom")
    before = sorted(each for each in tmp_path.rglob("*") if home not in each.parents)
    for line in (
        ("run", "--model", model, "--device", "cpu", "--task", task, "--out", out, "--name", evil),
        ("export", out, "--out", home / "e"), ("report", out, "--out", home / "p.md"),
        ("merge", out, "--out", home / "m.duckdb"), ("remove", out, evil),
    ):  # fmt: skip
        done = run(home / "said", *line)
        assert done.wait() == 0, (line, done.err)
    said = tmp_path / "home" / "said"
    after = sorted(each for each in tmp_path.rglob("*") if home not in each.parents and each != said)
    assert after == before
    assert not any("evil" in each.name for each in home.rglob("*"))
    tally(
        "attack",
        "ids, languages and names such as ../../../evil: run, export, report, merge, remove",
        5,
        "nothing outside the folder",
    )
