"""`neurontui demo --real`: terms are accepted first, then installed, converted and measured once."""

import hashlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from neurontui.compute.real import install, plan, weights
from neurontui.compute.real.weights import GEMMA
from neurontui.queries.results import open_results
from tests.compute.tiny import save_tiny
from tests.tui.cli.command_line import is_one_sentence, neurontui

pytest.importorskip("gguf", reason="`demo --real` is not tested: the package gguf is not installed")

from tests.compute.models.load.gguf_files import write_llama


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEURONTUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model in the place of Gemma, and a script in the place of the installer."""
    sizes = {"intermediate_size": 64, "head_dim": 8, "max_position_embeddings": 1024}
    folder = save_tiny("llama", tmp_path / "model", mlp_bias=False, attention_bias=False, **sizes)
    path = tmp_path / "tiny.gguf"
    write_llama(path, AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder))
    script = tmp_path / "installer.py"
    script.write_text(
        "import pathlib, shutil, sys\n"
        "folder = pathlib.Path(sys.argv[sys.argv.index('--target') + 1])\n"
        f"folder.mkdir()\nshutil.copy({str(path)!r}, folder)\n"
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    model = replace(GEMMA, parts=(path.name,), sha256=digest, size=path.stat().st_size, documents=())
    monkeypatch.setattr(weights, "GEMMA", model)
    monkeypatch.setattr(install, "installer", lambda: [sys.executable, str(script)])
    ablation = plan.PlannedAblation(2, (0.05,), (0.05,), 1)
    runs = tuple(replace(run, examples=2, ablation=run.ablation and ablation) for run in plan.QUICK[3:])
    monkeypatch.setattr(plan, "QUICK", runs)
    return path


def test_without_a_terminal_the_terms_are_not_accepted(cache: Path, tmp_path: Path) -> None:
    said = neurontui("demo", "--real", "--out", tmp_path / "r.duckdb")

    assert said.code == 2
    assert "Gemma Terms of Use" in said.err
    assert "253 MB" in said.err
    assert GEMMA.sha256 in said.err
    assert said.err.splitlines()[-1].endswith("there is no terminal to ask in; add --accept.")
    assert not list(cache.rglob("*.gguf"))


def test_a_dry_run_installs_nothing(cache: Path, tmp_path: Path) -> None:
    said = neurontui("demo", "--real", "--dry-run", "--out", tmp_path / "r.duckdb")

    assert said.code == 0
    assert said.out.count("neurontui run --model") == len(plan.FULL)
    assert "estimated for two CPU cores" in said.out
    assert not cache.exists()
    assert not (tmp_path / "r.duckdb").exists()


@pytest.mark.parametrize("option", ["--accept", "--quick", "--dry-run"])
def test_its_options_require_it(option: str) -> None:
    said = neurontui("demo", option)

    assert is_one_sentence(said)
    assert f"{option} is an option of demo --real" in said.err


def test_data_that_is_missing_is_reported_before_anything_is_installed(cache: Path, tmp_path: Path) -> None:
    said = neurontui("demo", "--real", "--accept", "--data", tmp_path / "nowhere", "--out", tmp_path / "r.duckdb")

    assert is_one_sentence(said)
    assert "nowhere" in said.err
    assert not cache.exists()


def test_it_measures_and_a_second_call_does_nothing_again(tiny: Path, cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.duckdb"
    first = neurontui("demo", "--real", "--quick", "--accept", "--out", out)

    assert first.code == 0, first.err
    assert "Terms accepted with --accept." in first.err
    assert "Converted gemma-3-270m-q4_k_m.gguf." in first.err
    assert "The paper's claims, tested on gemma-3-270m-q4_k_m.gguf · ke-en-all" in first.out
    with open_results(out) as results:
        [[digest]] = results.sql("SELECT settings->>'model_digest' AS d FROM runs WHERE run = 1").to_pydict().values()
        assert digest == weights.GEMMA.sha256
        assert [row["n_shots"] for row in results.runs().to_pylist()] == [2, 0]

    installed = {path: path.stat().st_mtime_ns for path in cache.rglob("*.*") if path.suffix != ".lock"}
    second = neurontui("demo", "--real", "--quick", "--out", out)  # the terms need not be accepted again
    assert second.code == 0, second.err
    assert "Install" not in second.err
    assert "Convert" not in second.err
    assert "2 examples measured" in first.err
    assert "2 examples measured" not in second.err, "nothing is measured"
    assert second.out == first.out
    assert {path: path.stat().st_mtime_ns for path in installed} == installed


def test_a_model_that_was_replaced_is_not_measured(tiny: Path, cache: Path, tmp_path: Path) -> None:
    weights.GEMMA.path.parent.mkdir(parents=True)
    shutil.copy(tiny, weights.GEMMA.path)
    with weights.GEMMA.path.open("ab") as file:
        file.write(b"x")
    said = neurontui("demo", "--real", "--quick", "--accept", "--out", tmp_path / "r.duckdb")

    assert said.code == 5
    assert "delete the file and rerun" in said.err
    assert not (tmp_path / "r.duckdb").exists()
