"""Which checkpoint a name means, on a hub cache in its real layout."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from neurontui.compute.models.load.checkpoint import find_checkpoint
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.store.errors import ModelError
from tests.compute.models.load.hub_cache import HubCache
from tests.compute.tiny import save_tiny


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Two models of one architecture with different weights, by seed."""
    folder = tmp_path_factory.mktemp("models")
    return {seed: save_tiny("llama", folder / f"llama-{seed}", seed) for seed in (0, 1)}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubCache:
    return HubCache(tmp_path / "hub", monkeypatch)


def test_a_hub_model_has_the_commit_and_files_of_its_snapshot(cache: HubCache, saved: dict[int, Path]) -> None:
    snapshot = cache.add("org/base", saved[0])
    loaded = load_model(ModelOptions("org/base", device="cpu"))
    assert (loaded.name, loaded.revision) == ("org/base", snapshot.name)
    assert loaded.digest is not None
    assert len(loaded.digest) == 64


@pytest.mark.parametrize("revision", ["v1", "refs/pr/1"])
def test_a_revision_is_resolved_and_pinned(cache: HubCache, saved: dict[int, Path], revision: str) -> None:
    cache.add("org/base", saved[0])
    other = cache.add("org/base", saved[1], revision=revision)
    loaded = load_model(ModelOptions("org/base", revision=revision, device="cpu"))
    weights = load_file(saved[1] / "model.safetensors")
    assert loaded.revision == other.name
    assert torch.equal(loaded.model.model.norm.weight, weights["model.norm.weight"])
    by_commit = load_model(ModelOptions("org/base", revision=other.name, device="cpu"))
    assert (by_commit.revision, by_commit.digest) == (loaded.revision, loaded.digest)


def test_the_folders_of_the_cache_mean_the_same_model(cache: HubCache, saved: dict[int, Path]) -> None:
    snapshot = cache.add("org/base", saved[0])
    names = ("org/base", str(snapshot), str(cache.upper("org/base")))
    identities = [
        (loaded.name, loaded.revision, loaded.digest)
        for loaded in (load_model(ModelOptions(name, device="cpu")) for name in names)
    ]
    assert identities == [("org/base", snapshot.name, identities[0][2])] * 3


def test_the_upper_folder_of_the_cache_takes_a_revision(cache: HubCache, saved: dict[int, Path]) -> None:
    cache.add("org/base", saved[0])
    other = cache.add("org/base", saved[1], revision="refs/pr/1")
    upper = str(cache.upper("org/base"))
    assert find_checkpoint(upper, "refs/pr/1").commit == other.name
    with pytest.raises(ModelError, match="has no snapshot of revision 'v9'"):
        find_checkpoint(upper, "v9")


def test_a_missing_revision_is_not_a_missing_model(cache: HubCache, saved: dict[int, Path]) -> None:
    cache.add("org/base", saved[0])
    with pytest.raises(ModelError, match=r"Revision 'v9' of 'org/base' is not in .* which has main"):
        load_model(ModelOptions("org/base", revision="v9", device="cpu"))
    with pytest.raises(ModelError, match="'org/none' is not in the local cache"):
        load_model(ModelOptions("org/none", device="cpu"))


def test_what_comes_into_the_cache_later_changes_nothing(cache: HubCache, saved: dict[int, Path]) -> None:
    snapshot = cache.add("org/base", saved[0])
    before = load_model(ModelOptions("org/base", device="cpu")).digest
    (snapshot / "vocab.json").write_text("{}")
    (snapshot / "README.md").write_text("# base")
    assert load_model(ModelOptions("org/base", device="cpu")).digest == before


def test_one_changed_value_in_the_middle_of_the_weights_is_another_model(
    saved: dict[int, Path], tmp_path: Path
) -> None:
    """As knowledge editing makes it: same size, same beginning, same end."""
    folder = tmp_path / "edited"
    shutil.copytree(saved[0], folder)
    path = folder / "model.safetensors"
    before = find_checkpoint(str(folder), None).digest()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert find_checkpoint(str(folder), None).digest() != before


def test_every_file_of_a_local_model_counts(saved: dict[int, Path], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(saved[0], folder)
    before = find_checkpoint(str(folder), None).digest()
    for name in ("config.json", "tokenizer.json", "generation_config.json"):
        text = (folder / name).read_text()
        (folder / name).write_text(text + " ")
        assert find_checkpoint(str(folder), None).digest() != before, name
        (folder / name).write_text(text)
    assert find_checkpoint(str(folder), None).digest() == before


def test_links_and_copies_have_the_same_digest(cache: HubCache, saved: dict[int, Path], tmp_path: Path) -> None:
    """The name of a blob stands in for reading it, and must be what reading it gives."""
    snapshot = cache.add("org/base", saved[0])
    copy = tmp_path / "hub2" / "models--org--base" / "snapshots" / snapshot.name
    copy.mkdir(parents=True)
    for path in snapshot.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    linked, copied = (find_checkpoint(str(folder), None) for folder in (snapshot, copy))
    assert linked.digest() == copied.digest()
    assert linked.commit == copied.commit


def test_links_out_of_a_folder_need_a_flag(saved: dict[int, Path], tmp_path: Path) -> None:
    store, folder = tmp_path / "store", tmp_path / "mine"
    shutil.copytree(saved[0], store)
    folder.mkdir()
    for path in store.iterdir():
        (folder / path.name).symlink_to(path)
    with pytest.raises(ModelError, match="--allow-links"):
        load_model(ModelOptions(str(folder), device="cpu"))
    loaded = load_model(ModelOptions(str(folder), device="cpu", allow_links=True))
    assert loaded.name == "mine"
    assert loaded.digest == find_checkpoint(str(store), None).digest()


def _sharded(source: Path, folder: Path) -> Path:
    shutil.copytree(source, folder)
    weights = load_file(folder / "model.safetensors")
    names = sorted(weights)
    shards = {f"model-0000{i}-of-00002.safetensors": names[i - 1 :: 2] for i in (1, 2)}
    for shard, inside in shards.items():
        save_file({name: weights[name] for name in inside}, folder / shard, {"format": "pt"})
    index = {shard_name: shard for shard, inside in shards.items() for shard_name in inside}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    (folder / "model.safetensors").unlink()
    return folder


@pytest.mark.parametrize("gone", [(2,), (1, 2)])
def test_an_incomplete_set_of_shards_names_the_missing_one(
    saved: dict[int, Path], tmp_path: Path, gone: tuple[int, ...]
) -> None:
    folder = _sharded(saved[0], tmp_path / "mine")
    assert load_model(ModelOptions(str(folder), device="cpu")).digest
    for number in gone:
        (folder / f"model-0000{number}-of-00002.safetensors").unlink()
    first = f"model-0000{gone[0]}-of-00002.safetensors"
    with pytest.raises(ModelError, match=rf"lacks {len(gone)} of the 3 files .*{first}"):
        load_model(ModelOptions(str(folder), device="cpu"))


def test_an_incomplete_download_names_the_missing_shard(
    cache: HubCache, saved: dict[int, Path], tmp_path: Path
) -> None:
    snapshot = cache.add("org/base", _sharded(saved[0], tmp_path / "mine"))
    (snapshot / "model-00002-of-00002.safetensors").unlink()
    for name in ("org/base", str(snapshot)):
        with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors"):
            load_model(ModelOptions(name, device="cpu"))


def test_a_hub_name_of_gguf_files_says_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"download one of them, and use its path"):
        find_checkpoint("org/model-GGUF", None)


def test_a_name_that_no_model_can_have() -> None:
    with pytest.raises(ModelError, match="neither a folder nor a valid name"):
        find_checkpoint("what is this", None)
