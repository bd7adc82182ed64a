"""Loading: what is recorded, what is refused, and that every refusal is one sentence."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import load_file, save_file

from neurontui.compute.models.load import load as loading
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.store.errors import ExitCode, MissingExtraError, ModelError
from tests.compute.models.load.hub_server import hub_server
from tests.compute.tiny import save_tiny
from tests.conftest import Tally


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny("llama", tmp_path_factory.mktemp("models") / "my-llama")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    copy = tmp_path / "my-llama"
    copy.mkdir()
    for each in saved.iterdir():
        (copy / each.name).write_bytes(each.read_bytes())
    return copy


def refusal(folder: Path | str, **options: Any) -> str:
    with pytest.raises(ModelError) as error:
        load_model(ModelOptions(str(folder), device="cpu", **options))
    message = str(error.value)
    assert error.value.exit_code is ExitCode.MODEL
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_local_folder_loads_offline_and_is_described(saved: Path) -> None:
    loaded = load_model(ModelOptions(str(saved), device="cpu"))
    assert loaded.name == "my-llama"
    assert loaded.revision is None
    assert loaded.architecture == "llama"
    assert (loaded.dtype, loaded.device, loaded.device_name) == ("float32", "cpu", "cpu")
    assert not loaded.model.training
    assert not any(each.requires_grad for each in loaded.model.parameters())
    assert [each.n_neurons for each in loaded.layers] == [48, 48]


def test_two_threads_load_one_after_the_other(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers changes its classes while it loads; side by side, the later one would restore changed ones."""
    inside, most = [], []
    real = loading.auto_class

    class Slow:
        def __init__(self, config: Any) -> None:
            self.of_config = real(config)
            self.from_config = self.of_config.from_config

        def from_pretrained(self, *rest: Any, **named: Any) -> Any:
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.05)
            loaded = self.of_config.from_pretrained(*rest, **named)
            inside.pop()
            return loaded

    monkeypatch.setattr(loading, "auto_class", Slow)
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: load_model(ModelOptions(str(saved), device="cpu")), range(2)))
    assert most == [1, 1]
    assert both[0].digest == both[1].digest


def test_a_relative_path_and_a_dtype_are_honoured(saved: Path) -> None:
    here = os.path.relpath(saved)
    loaded = load_model(ModelOptions(here, dtype="bf16", device="cpu"))
    assert loaded.dtype == "bfloat16"
    assert loaded.placement.startswith("Device: cpu. Precision: ")


def test_a_local_model_is_known_by_its_weights(folder: Path) -> None:
    before = load_model(ModelOptions(str(folder), device="cpu")).digest
    assert before == load_model(ModelOptions(str(folder), device="cpu")).digest
    weights = load_file(folder / "model.safetensors")
    weights["model.norm.weight"] += 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_model(ModelOptions(str(folder), device="cpu")).digest != before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere") == f"There is no folder {tmp_path / 'nowhere'}."


def test_a_folder_without_a_configuration(tmp_path: Path) -> None:
    assert "has no config.json" in refusal(tmp_path)


def test_a_file_instead_of_a_folder(saved: Path) -> None:
    assert "is a file" in refusal(saved / "model.safetensors")


def test_a_folder_has_no_revisions(saved: Path) -> None:
    assert "is a folder and has no revisions" in refusal(str(saved), revision="v9")


def test_a_folder_without_a_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    assert "has no tokenizer that can be loaded" in refusal(folder)


def test_pickled_weights_load_by_flag_alone(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert "--allow-bin" in refusal(folder)
    loaded = load_model(ModelOptions(str(folder), device="cpu", allow_bin=True))
    assert torch.equal(loaded.model.model.norm.weight, weights["model.norm.weight"])


class Attack:
    """What a pickle could carry: code that runs when it is opened."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


def test_a_pickle_that_carries_code_is_refused_even_by_flag(folder: Path, tally: Tally) -> None:
    trace = folder / "code-has-run"
    (folder / "model.safetensors").unlink()
    torch.save({"model.norm.weight": Attack(trace)}, folder / "pytorch_model.bin")
    refusal(folder, allow_bin=True)
    assert not trace.exists()
    tally("attack", "a pickle that carries code, with --allow-bin", 1, "refused; the code did not run")


def test_no_weights_at_all(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "no safetensors weights" in refusal(folder)
    assert "neither safetensors nor pickled" in refusal(folder, allow_bin=True)


def test_damaged_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    assert "damaged" in refusal(folder)


def test_weights_that_lack_tensors_are_not_filled_up_at_random(folder: Path) -> None:
    path = folder / "model.safetensors"
    weights = load_file(path)
    del weights["model.layers.1.mlp.down_proj.weight"]
    save_file(weights, path, metadata={"format": "pt"})
    message = refusal(folder)
    assert "lack 1 tensors" in message
    assert "down_proj" in message


def test_code_from_the_repository_is_never_run(folder: Path) -> None:
    _edit(folder, model_type="mine", auto_map={"AutoConfig": "mine.Config"})
    (folder / "mine.py").write_text("raise SystemExit('ran')")
    assert "code from its repository" in refusal(folder)


def test_an_architecture_that_transformers_does_not_know(folder: Path) -> None:
    _edit(folder, model_type="martian")
    assert "does not support the architecture" in refusal(folder)


def test_a_model_that_is_no_language_model(folder: Path) -> None:
    _edit(folder, model_type="vit", architectures=["ViTModel"])
    assert "is not a language model" in refusal(folder)


def test_quantised_weights(folder: Path) -> None:
    _edit(folder, quantization_config={"quant_method": "gptq", "bits": 4})
    assert "quantized" in refusal(folder)


def test_a_dtype_that_is_none(saved: Path) -> None:
    assert "dtype 'int3' is not supported" in refusal(saved, dtype="int3")


def test_a_graphics_card_that_is_not_there(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match="no usable GPU"):
        load_model(ModelOptions(str(saved), device="cuda"))


def test_several_cards_need_accelerate(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "is_accelerate_available", lambda: False)
    with pytest.raises(MissingExtraError, match="pip install accelerate"):
        load_model(ModelOptions(str(saved), device_map=True))


def test_a_hub_model_when_the_hub_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "is not in the local cache" in refusal("nobody/nothing-at-all")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("GatedRepo", "is gated"),
        ("RepoNotFound", "There is no model"),
        ("RevisionNotFound", "has no revision 'v9'"),
    ],
)
def test_what_the_hub_refuses(
    code: str, words: str, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_server(saved, tmp_path / "cache", monkeypatch) as server:
        server.refusal = code
        assert words in refusal("org/base", revision="v9")


@pytest.mark.parametrize("revision", [None, "v1", "refs/pr/1"])
def test_a_download_is_pinned_to_the_resolved_commit(
    revision: str | None, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_server(saved, tmp_path / "cache", monkeypatch) as server:
        loaded = load_model(ModelOptions("org/base", revision=revision, device="cpu"))
    downloads = [path for path in server.asked if "/resolve/" in path]
    assert (loaded.name, loaded.revision) == ("org/base", server.commit)
    assert loaded.digest
    assert downloads
    assert all(f"/resolve/{server.commit}/" in path for path in downloads)


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_model_that_is_larger_than_the_memory_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    folder = save_tiny("bloom", tmp_path / "bloom")
    monkeypatch.setattr(torch.nn.Module, "to", full)
    with pytest.raises(ModelError, match="does not fit into the memory of the device; use a smaller --dtype"):
        load_model(ModelOptions(str(folder), device="cpu"))
