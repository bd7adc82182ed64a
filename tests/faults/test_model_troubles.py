"""A model that yields NaN, and a GPU whose memory runs out (simulated), under the real command."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import neurontui.compute.models.passes.capture as capturing
from neurontui.compute.demo import DEMO_MODEL
from neurontui.compute.models.passes.forward import forward
from tests.conftest import Tally
from tests.faults.commands import run
from tests.faults.whole import MODEL, beside, content, line, undisturbed


def _with(folder: Path, value: float, place: str) -> Path:
    """The built-in model with one weight replaced."""
    folder.mkdir()
    for each in DEMO_MODEL.iterdir():
        (folder / each.name).write_bytes(each.read_bytes())
    weights = load_file(folder / "model.safetensors")
    name = next(each for each in weights if place in each)
    weights[name][0] = value
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.mark.faults
def test_a_model_that_yields_no_numbers(tmp_path: Path, tally: Tally) -> None:
    tried = 0
    for value in (float("nan"), float("inf"), -float("inf")):
        model = _with(tmp_path / f"m{tried}", value, "dense_h_to_4h.weight")
        for more in ((), ("--skip-bad",)):
            out = tmp_path / f"r{tried}.duckdb"
            done = run(tmp_path / "said", *line(out), "--model", model, *more)
            assert done.wait() == 5, done.err
            last = done.err.strip().splitlines()[-1]
            assert last.startswith("neurontui: ")
            assert "in layer 0 activations or outputs are not finite in float32" in last
            assert "Traceback" not in done.err
            assert not out.exists()
            tried += 1
    tally(
        "fault",
        "a model that yields NaN or infinity",
        tried,
        "reported as an error; nothing is stored",
    )


def _full(loaded: object, tokens: object) -> object:
    if tokens.ids.numel() > 12:  # type: ignore[attr-defined]
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    return forward(loaded, tokens)  # type: ignore[arg-type]


def little_memory() -> None:
    """A `before`: a GPU that holds twelve tokens at once."""
    capturing.forward = _full  # type: ignore[assignment]


def _none(*_: object) -> object:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")


def no_memory() -> None:
    """A `before`: a GPU that holds nothing."""
    capturing.forward = _none  # type: ignore[assignment]


@pytest.mark.faults
def test_a_gpu_whose_memory_runs_out(tmp_path: Path, tally: Tally) -> None:
    out = tmp_path / "r.duckdb"
    plain = (*MODEL, "--task", line(out)[6], "--limit", 4, "--batch-examples", 2, "--out")
    wanted = run(tmp_path / "said", *plain, tmp_path / "whole.duckdb")
    assert wanted.wait() == 0, wanted.err
    done = run(tmp_path / "said", *plain, out, before=no_memory)
    assert done.wait() == 6, done.err
    assert "Memory ran out" in done.err
    assert not out.exists()
    done = run(tmp_path / "said", *plain, out, before=little_memory)
    assert done.wait() == 0, done.err
    kept = ("activations 1", "neuron_types 1", "example_types 1", "examples 1")
    found, whole = content(out), content(tmp_path / "whole.duckdb")
    assert {each: found[each] for each in kept} == {each: whole[each] for each in kept}
    assert beside(out) == []
    assert undisturbed()[0]["activations 1"] == found["activations 1"]
    tally("fault", "CUDA out of memory (simulated), at any and at every pass", 2,
          "halved passes give the same masks; if nothing fits, reported as an error")  # fmt: skip
