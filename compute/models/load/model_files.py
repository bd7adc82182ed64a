"""The files of a model that determine its numbers, and their digest."""

import hashlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from neurontui.store.errors import ModelError

_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Names of weights in one file, in the order of transformers; `<name>.index.json` lists shards."""
_TOKENIZER = {".json", ".model", ".txt", ".tiktoken"}
"""Suffixes of all other files that are read from a model folder."""
_BLOB = re.compile("[0-9a-f]{64}")
"""In the hub's cache the name of a large file is its SHA-256."""


def digest_of(folder: Path, *, with_tokenizer: bool) -> str | None:
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
            contents = list(pool.map(_content, paths))
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


def _content(path: Path) -> str:
    """SHA-256 of a file, from the name of its blob in the hub's cache or from its content."""
    target = path.resolve().name
    if path.is_symlink() and _BLOB.fullmatch(target):
        return target
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
