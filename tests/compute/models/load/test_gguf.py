"""GGUF files: measured as the model they were made from, converted once, or refused with the reason."""

import hashlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from neurontui.compute.config import RunConfig
from neurontui.compute.models.load import gguf_cache
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.run_key import settings
from neurontui.store.errors import MissingExtraError, ModelError
from tests.compute.tiny import batch, save_tiny

pytest.importorskip("gguf", reason="GGUF files are not tested: the package gguf is not installed")

from tests.compute.models.load.gguf_files import rounded, write_llama

TINY = {"intermediate_size": 64, "mlp_bias": False, "attention_bias": False, "head_dim": 8}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = save_tiny("llama", tmp_path_factory.mktemp("original"), **TINY)
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def written(original: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny-Q8_0.gguf"
    write_llama(path, *original)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEURONTUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "gguf"


def load(path: Path, said: list[str] | None = None) -> LoadedModel:
    return load_model(ModelOptions(str(path), device="cpu"), (said if said is not None else []).append)


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as error:
        load(path)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)
    return str(error.value)


@torch.no_grad()
def activations(model: Any, ids: list[int], layer: int) -> torch.Tensor:
    """act(gate) at the last token of one unpadded prompt, with the FFN's matrices rounded to Q8_0."""
    inputs: list[torch.Tensor] = []
    mlp = model.model.layers[layer].mlp
    handle = mlp.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    try:
        model(torch.tensor([ids]))
    finally:
        handle.remove()
    gate: torch.Tensor = inputs[0][0, -1] @ mlp.gate_proj.weight.T
    return gate * torch.sigmoid(gate)


def test_a_file_is_measured_as_the_model_it_was_made_from(original: tuple[Any, Any], written: Path) -> None:
    model, _ = original
    with torch.no_grad():
        for layer in model.model.layers:
            for matrix in (layer.mlp.gate_proj, layer.mlp.up_proj, layer.mlp.down_proj):
                matrix.weight.copy_(torch.from_numpy(rounded(matrix.weight.numpy())))
    loaded = load(written)
    captured = capture(loaded, batch(), CaptureOptions())
    ids = [loaded.tokenizer(prompt)["input_ids"] for prompt in batch().prompts]
    for layer in range(2):
        by_hand = torch.stack([activations(model, of_prompt, layer) for of_prompt in ids])
        ours = captured.activations[layer].flatten(0, 1)
        torch.testing.assert_close(ours, by_hand, rtol=1e-4, atol=1e-5)
        assert torch.equal(ours > 0, by_hand > 0)


def test_a_run_is_identified_by_the_file(written: Path, tmp_path: Path) -> None:
    loaded = load(written)
    assert loaded.name == "tiny-Q8_0.gguf"
    assert loaded.digest == hashlib.sha256(written.read_bytes()).hexdigest()
    recorded = settings(RunConfig(model="m", task="t", out=tmp_path), loaded.facts)
    assert recorded["quantization"] == "GGUF Q8_0, dequantized"
    assert any("GGUF Q8_0" in note for note in loaded.notes)
    assert loaded.asks_for_bos is True


def test_a_file_is_converted_once(written: Path, cache: Path) -> None:
    said: list[str] = []
    with ThreadPoolExecutor() as pool:
        loaded = list(pool.map(lambda _: load(written, said), range(2)))
    assert loaded[0].digest == loaded[1].digest
    assert [line.split(" ")[0] for line in said] == ["Converting", "Converted"]
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 1


def test_a_folder_with_one_file_is_that_file(written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "download"
    folder.mkdir()
    shutil.copy(written, folder)
    (folder / "config.json").write_text("{}")
    assert load(folder).name == written.name
    shutil.copy(written, folder / "other.gguf")
    assert "contains 2 GGUF files (other.gguf, tiny-Q8_0.gguf)" in refusal(folder)


def test_an_interrupted_conversion_is_never_used(written: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(gguf_cache, "_record_bos", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            load(written)
    assert not [path for path in cache.iterdir() if path.is_dir()]
    (cache / f"{hashlib.sha256(written.read_bytes()).hexdigest()}-transformers-{gguf_cache.VERSION}.partial").mkdir()
    assert load(written).architecture == "llama"
    assert len([path for path in cache.iterdir() if path.is_dir()]) == 1


BIAS = {"blk.0.attn_q.bias": np.ones(32, np.float32)}
SCALING = {"rope_freqs.weight": np.ones(4, np.float32)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tensors": BIAS}, "it has 43,200 weights, the model 43,168"),
        ({"tensors": SCALING}, "position scaling in the tensor rope_freqs.weight"),
        ({"values": {"rope.scaling.type": "linear"}}, "rope.scaling.type = linear"),
        ({"values": {"attention.clamp_kqv": 8.0}}, "attention.clamp_kqv = 8.0"),
    ],
)
def test_what_transformers_would_ignore_is_refused(
    original: tuple[Any, Any], tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    write_llama(tmp_path / "model.gguf", *original, **changes)
    assert reason in refusal(tmp_path / "model.gguf")


def test_values_that_are_equal_in_another_place_are_accepted(original: tuple[Any, Any], tmp_path: Path) -> None:
    same = {"rope.scaling.type": "none", "attention.key_length": 8.0}
    write_llama(tmp_path / "model.gguf", *original, values=same)
    assert load(tmp_path / "model.gguf").architecture == "llama"


def test_an_architecture_that_transformers_cannot_convert(original: tuple[Any, Any], tmp_path: Path) -> None:
    write_llama(tmp_path / "model.gguf", *original, architecture="grok")
    message = refusal(tmp_path / "model.gguf")
    assert "cannot convert model.gguf (architecture 'grok')" in message
    assert "use the original model" in message


def test_a_file_that_is_not_complete(written: Path, tmp_path: Path) -> None:
    for name, content in {"cut.gguf": written.read_bytes()[:9000], "text.gguf": b"hello", "empty.gguf": b""}.items():
        (tmp_path / name).write_bytes(content)
        assert "cannot be read as a GGUF file" in refusal(tmp_path / name)


def test_a_full_disk_and_a_missing_package(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        said = refusal(written)
    assert said.startswith(f"Converting {written.name} to float32 needs ")
    assert "0 MB free; free some space, or set NEURONTUI_CACHE" in said
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'neurontui\[gguf\]'"):
        load(written)


def test_a_revision_of_a_file_is_refused(written: Path) -> None:
    with pytest.raises(ModelError, match="has no revisions"):
        load_model(ModelOptions(str(written), revision="main", device="cpu"))


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), SafetensorError("I/O error: No space left on device (os error 28)")],
    ids=["python", "safetensors"],
)
def test_a_disk_that_becomes_full_is_reported_as_such(
    error: Exception, written: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr(gguf_cache, "_convert", full)
    sentence = refusal(written)
    assert "became full while tiny-Q8_0.gguf was converted" in sentence
    assert "damaged" not in sentence
    assert not [path for path in cache.iterdir() if path.is_dir()]
