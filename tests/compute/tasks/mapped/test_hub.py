"""Data sets on the hub: which files are downloaded at which commit, and what happens without a network."""

from pathlib import Path

import huggingface_hub
import pytest

from neurontui.compute.tasks.digest import digest
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.mapped.load import check_mapped
from neurontui.compute.tasks.mapped.shipped import FOLDER, shipped_mappings
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError
from tests.compute.tasks.mapped import look_alikes

Asked = list[tuple[str, str, str]]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """A hub whose data sets are in the test's folder; lists what is downloaded."""
    asked: Asked = []

    def download(repository: str, path: str, *, repo_type: str, revision: str) -> str:
        assert repo_type == "dataset"
        asked.append((repository, path, revision))
        return str(tmp_path / path)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    return asked


def test_only_the_files_of_the_requested_languages_are_downloaded(hub: Asked, tmp_path: Path) -> None:
    look_alikes.belebele(tmp_path)
    data = load_task("belebele", TaskOptions(languages=("zh", "en")))
    commit = "7899cdfa4e1e0d733fd77c848e2c273cb1d32be2"
    assert hub == [("facebook/belebele", f"data/{code}.jsonl", commit) for code in ("zho_Hans", "eng_Latn")]
    assert data.languages == ("zh", "en")
    assert f"from facebook/belebele at {commit}." in data.notes[0]


def test_one_file_of_all_languages_is_downloaded_once(hub: Asked, tmp_path: Path) -> None:
    look_alikes.eclektic(tmp_path)
    data = load_task("eclektic", TaskOptions(languages=("he", "de")))
    assert [path for _, path, _ in hub] == ["eclektic_main.jsonl"]
    assert digest(data) == digest(load_task("eclektic", TaskOptions(data=tmp_path, languages=("he", "de"))))


@pytest.mark.parametrize("name", ["belebele", "global-mmlu", "mmmlu", "xcopa", "paws-x", "multiblimp", "flores-plus"])
def test_the_hub_and_a_folder_give_the_same_examples(name: str, hub: Asked, tmp_path: Path) -> None:
    getattr(look_alikes, name.replace("-", "_"))(tmp_path)
    local = load_task(name, TaskOptions(data=tmp_path))
    assert hub == []
    remote = load_task(name, TaskOptions(languages=local.languages))
    assert hub
    assert digest(remote) == digest(local)


def test_without_a_network_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise ConnectionResetError("gone")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    with pytest.raises(
        InputError, match=r"Cannot download data/eng_Latn\.jsonl of .*belebele \(ConnectionResetError\)"
    ):
        load_task("belebele", TaskOptions())


def test_a_check_downloads_nothing(hub: Asked) -> None:
    for name in shipped_mappings():
        assert check_mapped(FOLDER / f"{name}.toml", TaskOptions()) == ([], None)
    assert hub == []


def test_data_on_no_hub_must_be_passed() -> None:
    with pytest.raises(InputError, match=r"BMLAMA is on no hub: download .* and pass it as --data\."):
        load_task("bmlama", TaskOptions())
