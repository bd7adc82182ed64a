"""A hub cache in the layout of huggingface_hub: blobs by content, snapshots of links by commit, refs by name."""

import hashlib
from pathlib import Path

import huggingface_hub.constants
import pytest


class HubCache:
    """A cache folder that this process uses without a network."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    def upper(self, model: str) -> Path:
        """The folder of a model, which holds blobs, refs and snapshots."""
        return self.folder / f"models--{model.replace('/', '--')}"

    def add(self, model: str, source: Path, *, revision: str = "main") -> Path:
        """Put the files of `source` into the cache as one commit that `revision` points to; returns the snapshot."""
        upper = self.upper(model)
        files = {path.name: path.read_bytes() for path in sorted(source.iterdir())}
        commit = hashlib.sha1(b"".join([model.encode(), *files.values()])).hexdigest()
        snapshot = upper / "snapshots" / commit
        for folder in (upper / "blobs", snapshot):
            folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            link = snapshot / name
            if not link.is_symlink():
                link.symlink_to(Path("../../blobs") / self._blob(upper, name, content))
        reference = upper / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        reference.write_text(commit)
        return snapshot

    @staticmethod
    def _blob(upper: Path, name: str, content: bytes) -> str:
        """Large files are named by SHA-256, others by git's SHA-1, as the hub names them."""
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        blob = hashlib.sha256(content).hexdigest() if name.endswith((".safetensors", ".bin")) else git
        (upper / "blobs" / blob).write_bytes(content)
        return blob
