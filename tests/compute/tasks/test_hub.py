"""What is downloaded, at which commit, and what is said where that fails."""

import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest

from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from neurontui.store.errors import InputError, MissingExtraError
from tests.compute.tasks import layouts


def test_xnli_comes_from_the_hub_at_a_pinned_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = layouts.all_languages(tmp_path / "snapshot")
    asked = []

    def download(repository: str, path: str, *, repo_type: str, revision: str) -> str:
        asked.append((repository, repo_type, revision))
        return str(cached / path)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert len(load_task("xnli", TaskOptions()).examples) == 3
    assert asked == [("facebook/xnli", "dataset", "b8dd5d7af51114dbda02c0e3f6133f332186418e")]


def test_offline_it_says_what_to_do(tmp_path: Path) -> None:
    code = (
        "from neurontui.compute.tasks.registry import load_task\n"
        "from neurontui.compute.tasks.example import TaskOptions\n"
        "from neurontui.store.errors import InputError\n"
        "try: load_task('xnli', TaskOptions())\n"
        "except InputError as error: print(error)\n"
    )
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=offline, capture_output=True, text=True, check=True)
    assert "Cannot download all_languages/test-00000-of-00001.parquet" in done.stdout
    assert "pass it as --data" in done.stdout


def test_a_failing_network_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_: object, **__: object) -> str:
        raise ConnectionResetError("gone")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    with pytest.raises(InputError, match=r"facebook/xnli \(ConnectionResetError\); download it on a machine"):
        load_task("xnli", TaskOptions())


def test_without_the_hubs_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'neurontui\[compute\]'"):
        load_task("xnli", TaskOptions())
