"""The files of a model that determine its numbers, and their digest."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import ModelError

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Names of weights in one file, in the order of transformers; `<name>.index.json` lists shards."""
_TOKENIZER = {".json", ".model", ".txt", ".tiktoken"}
"""Suffixes of all other files that are read from a model folder."""
_MEGABYTE, _BLOCK = 1 << 20, 16
"""A block is what is hashed between two moves of the progress."""
_BLOB = re.compile("[0-9a-f]{64}")
"""In the hub's cache the name of a large file is its SHA-256."""


def digest_of(folder: Path, *, with_tokenizer: bool, progress: Phase = SILENT) -> str | None:
    """SHA-256 over name and content of a model's configuration and weights; None without weights.

    with_tokenizer: also over every file that a tokenizer in a local folder may be read from.
    Raises ModelError if a file cannot be read.
    """
    weights = weight_files(folder)
    if not weights:
        return None
    files = {folder / "config.json", *weights}
    if with_tokenizer:
        files |= {path for path in folder.iterdir() if path.suffix in _TOKENIZER}
    paths = sorted(path for path in files if path.is_file())
    try:
        with ThreadPoolExecutor() as pool:
            contents = list(pool.map(Hashing(paths, progress).of, paths))
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: {error.strerror}.") from error
    lines = (f"{path.name} {content}\n" for path, content in zip(paths, contents, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def weight_files(folder: Path) -> list[Path]:
    """The weights that transformers reads from a folder, including the index of their shards; empty without weights."""
    for name in _WEIGHTS:
        index = folder / f"{name}.index.json"
        if (folder / name).is_file():
            return [folder / name]
        if index.is_file():
            return [index, *(folder / shard for shard in shard_names(index))]
    return sorted(folder.glob("*.safetensors"))


def indexes(folder: Path) -> Iterator[Path]:
    """Every index of weights in a folder."""
    yield from sorted(folder.glob("*.index.json"))


def shard_names(index: Path) -> list[str]:
    """The files that an index of weights names; raises ModelError if it cannot be read."""
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        names = set(content["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"{index} cannot be read as an index of weights; download it again.") from None
    return sorted(map(str, names))


class Hashing:
    """The SHA-256 of some files, whose bytes are counted within a phase. Can be used by several threads."""

    def __init__(self, paths: Sequence[Path], progress: Phase) -> None:
        megabytes = sum(path.stat().st_size for path in paths if _blob(path) is None) // _MEGABYTE
        self._counted = progress.within("hashing the files").within("MB", megabytes)
        self._lock = Lock()

    def of(self, path: Path) -> str:
        """SHA-256 of a file, from the name of its blob in the hub's cache or from its content."""
        if (blob := _blob(path)) is not None:
            return blob
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(_BLOCK * _MEGABYTE):
                digest.update(block)
                with self._lock:
                    self._counted.advance(len(block) // _MEGABYTE)
        return digest.hexdigest()


def _blob(path: Path) -> str | None:
    """The name of a file's blob if that is its SHA-256."""
    target = path.resolve().name
    return target if path.is_symlink() and _BLOB.fullmatch(target) else None
