"""Model folders from strangers: nothing outside the folder is read, no code runs, no other model is loaded."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.store.errors import ModelError
from tests.compute.tiny import save_tiny
from tests.conftest import Tally


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny("llama", tmp_path_factory.mktemp("models") / "my-llama")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    shutil.copytree(saved, tmp_path / "model")
    (tmp_path / "secret").write_text('{"the secret": 1}')
    shutil.copy(saved / "model.safetensors", tmp_path / "other.safetensors")
    return tmp_path / "model"


def _link(name: str, target: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return make


def _index(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        index = {"metadata": {}, "weight_map": dict.fromkeys(weights, name)}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return make


def _edit(**changes: object) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return make


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


ATTACKS = {
    "weights are a link out": _link("model.safetensors", "../other.safetensors"),
    "weights are a link to /": _link("model.safetensors", "/etc/passwd"),
    "tokenizer is a link out": _link("tokenizer.json", "../secret"),
    "tokenizer settings are a link out": _link("tokenizer_config.json", "../secret"),
    "config is a link out": _link("config.json", "../secret"),
    "a folder is a link out": _link("sub", ".."),
    "the index leads up": _index("../other.safetensors"),
    "the index leads to /": _index("/etc/passwd"),
    "the index is no index": _write("model.safetensors.index.json", "[]"),
    "the index nests deeply": _write("model.safetensors.index.json", "[" * 200_000),
    "an adapter names another model": _write(
        "adapter_config.json", '{"base_model_name_or_path": "evil/model", "peft_type": "LORA"}'
    ),
    "the config names weights above": _edit(transformers_weights="../other.safetensors"),
    "the config brings code": _edit(model_type="m", auto_map={"AutoConfig": "m.C"}),
    "the config asks for a giant": _edit(num_hidden_layers=10**9, hidden_size=10**9),
    "the config is no object": _write("config.json", "[1, 2]"),
    "the config nests deeply": _write("config.json", "[" * 200_000),
}


@pytest.mark.parametrize("attack", [name for name in ATTACKS if "giant" not in name])
def test_a_hostile_folder_is_refused_in_a_sentence(attack: str, folder: Path, tmp_path: Path, tally: Tally) -> None:
    ATTACKS[attack](folder)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ModelError) as caught:
        load_model(ModelOptions(str(folder), device="cpu"))
    assert "\n" not in str(caught.value)
    assert "the secret" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before
    tally(
        "attack",
        "model folders that refer outside of themselves or contain code",
        1,
        "refused with an error",
    )


def test_the_hubs_own_links_are_followed(saved: Path, tmp_path: Path) -> None:
    blobs, snapshot = (
        tmp_path / "models--x--y" / "blobs",
        tmp_path / "models--x--y" / "snapshots" / "c0",
    )
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, each in enumerate(sorted(saved.iterdir())):
        shutil.copy(each, blobs / str(number))
        (snapshot / each.name).symlink_to(f"../../blobs/{number}")
    assert load_model(ModelOptions(str(snapshot), device="cpu")).architecture == "llama"


def test_weights_in_parts_are_read(saved: Path, folder: Path) -> None:
    _index("part-1.safetensors")(folder)
    save_file(load_file(saved / "model.safetensors"), folder / "part-1.safetensors", {"format": "pt"})
    assert load_model(ModelOptions(str(folder), device="cpu")).architecture == "llama"
