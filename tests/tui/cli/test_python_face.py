"""`import neurontui`: what it offers, and what it imports when."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import neurontui
from neurontui.compute.demo import DEMO_MODEL, demo_task

LIGHT = """
import sys, neurontui
heavy = {"torch", "transformers", "textual", "duckdb", "pyarrow", "numpy", "click"}
assert not heavy & set(sys.modules)
with neurontui.open_results(sys.argv[1]) as results:
    assert results.query("runs").num_rows
assert not {"torch", "transformers", "textual"} & set(sys.modules)
"""


def test_every_name_is_there_and_no_other() -> None:
    assert dir(neurontui) == sorted(neurontui.__all__)
    assert all(getattr(neurontui, name) is not None for name in neurontui.__all__)
    assert neurontui.__version__ == version("neurontui")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        neurontui.nothing  # noqa: B018


def test_results_are_opened_without_torch(measured: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT, str(measured)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_run_is_measured_and_read_back(tmp_path: Path) -> None:
    out = tmp_path / "r.duckdb"
    config = neurontui.RunConfig(str(DEMO_MODEL), str(demo_task("fact")), out, limit=2, device="cpu")
    finished = neurontui.measure(config)
    assert finished.measured
    assert not neurontui.measure(config).measured
    with neurontui.open_results(out) as results:
        assert results.sql("SELECT n_examples AS n FROM runs").to_pylist() == [{"n": 2}]
    with pytest.raises(neurontui.NeurontuiError, match="at least 1"):
        neurontui.RunConfig("m", "t", out, limit=0)
