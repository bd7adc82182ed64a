"""The GPU check runs with what a bare GPU machine has, at tiny shapes on the CPU, and notices wrong numbers."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from neurontui.compute.measures.measurer import Tables
from neurontui.store.errors import MeasureError
from neurontui.store.journal.manifest import Condition
from neurontui.store.languages.tags import language_tag
from tests.gpu.bare import USUAL_SCRIPTS
from tests.gpu.measures import compare, config_of, measured
from tests.gpu.models import batch, load, save_model
from tests.gpu.program import run
from tests.gpu.table import Mismatch, NotHere, Table

ROOT = Path(__file__).parents[2]


@pytest.mark.faults
def test_the_program_passes_with_the_packages_of_a_bare_machine(tmp_path: Path) -> None:
    out = tmp_path / "gpu.md"
    options = ["--tiny", "--bare", "--only", "check", "--architectures", "bloom", "--out", str(out)]

    ended = subprocess.run(
        [sys.executable, "-m", "tests.gpu", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / '.src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )

    table = out.read_text(encoding="utf-8")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert table in ended.stdout
    assert "neurontui unknown" in table
    assert "langcodes is not installed" in table
    assert "py3langid is not installed" in table
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith(("| signs", "| memory", "| whole"))]
    assert {(row[1], row[2]) for row in rows} == {
        ("bloom, tiny", "pass"), ("passes are halved", "skipped"), ("--device-map", "pass"),
        ("layers offloaded, llama", "pass"), ("interrupted and resumed", "pass"),
    }  # fmt: skip


def test_without_a_gpu_the_program_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    assert run(argparse.Namespace(tiny=False), "") == 2
    assert "--tiny" in capsys.readouterr().err


def test_the_stand_in_has_the_codes_of_langcodes() -> None:
    for code, script in USUAL_SCRIPTS.items():
        tag = language_tag(code)
        assert (tag.code, tag.language, tag.script) == (code, code, script)


@pytest.mark.parametrize(
    ("error", "result", "detail"),
    [
        (Mismatch("7 of 9 differ"), "FAIL", "7 of 9 differ"),
        (NotHere("needs CUDA"), "skipped", "needs CUDA"),
        (RuntimeError("first\nsecond"), "FAIL", "RuntimeError: first"),
        (MeasureError("no memory"), "FAIL", "MeasureError: no memory"),
    ],
)
def test_an_error_is_a_row(error: Exception, result: str, detail: str, tmp_path: Path) -> None:
    def run() -> str:
        raise error

    table = Table(tmp_path / "t.md", seconds=60)
    table.check("part", "name", run)

    assert (table.rows[0].result, table.rows[0].detail) == (result, detail)
    assert table.failed == (result == "FAIL")
    assert detail in (tmp_path / "t.md").read_text(encoding="utf-8")


def test_a_check_after_the_time_is_skipped() -> None:
    table = Table(None, seconds=-1)
    table.check("part", "name", lambda: pytest.fail("ran"))
    assert table.rows[0].result == "skipped"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tables, tuple[Condition, ...]]:
    loaded = load(save_model("bloom", "tiny", tmp_path_factory.mktemp("bloom")), "cpu")
    return measured(loaded, config_of(ablation_doses=()), batch())


WRONG = {
    ("activations", "mask"): lambda values: values ^ (np.arange(len(values)) % 100 == 0).astype(np.uint64),
    ("attribution", "cs_sum"): lambda values: values * 1.01,
    ("attribution", "es_sum"): lambda values: values + 0.1,
    ("ablation_examples", "n_ablated"): lambda values: values + 4,
    ("ablation_examples", "answer_logprob"): lambda values: values - 0.01,
}


@pytest.mark.parametrize("where", WRONG)
def test_wrong_numbers_are_noticed(where: tuple[str, str], tables: tuple[Tables, tuple[Condition, ...]]) -> None:
    reference, conditions = tables
    name, column = where
    values = reference[name][column].to_numpy(zero_copy_only=False)
    at = reference[name].schema.get_field_index(column)
    wrong = reference[name].set_column(at, column, pa.array(WRONG[where](values)))

    assert compare(reference, reference, conditions)
    with pytest.raises(Mismatch):
        compare({**reference, name: wrong}, reference, conditions)


def test_other_answers_are_noticed(tables: tuple[Tables, tuple[Condition, ...]]) -> None:
    reference, conditions = tables
    examples = reference["examples"]
    at = examples.schema.get_field_index("prediction")
    wrong = examples.set_column(at, "prediction", pa.array(["other"] * len(examples)))
    with pytest.raises(Mismatch, match="answers differ"):
        compare({**reference, "examples": wrong}, reference, conditions)
