"""Checks of an untrusted model folder: all files are inside it, and its weights are complete.

Without them, weights and tokenizer would be read from any path in a link or in the index of the weights.
"""

from pathlib import Path

from neurontui.compute.models.load.model_files import indexes, shard_names, weight_files
from neurontui.store.errors import ModelError


def require_own_files(folder: Path, *, allow_links: bool = False) -> None:
    """Raise ModelError if a file of a model folder is outside it; `allow_links`: links may point outside."""
    if not allow_links:
        _require_no_links(folder)
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} contains an adapter, which would load another model; merge it into its base model first."
        )
    for index in indexes(folder):
        foreign = [name for name in shard_names(index) if name in ("", "..", ".") or Path(name).name != name]
        if foreign:
            raise ModelError(
                f"{index} names weights outside the model's folder ({foreign[0][:80]!r}), which are not read."
            )


def require_whole_weights(folder: Path) -> None:
    """Raise ModelError that names the first missing file of the weights."""
    files = weight_files(folder)
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise ModelError(
            f"{folder} lacks {len(missing)} of the {len(files)} files of its weights ({missing[0]} is the first); "
            "download them again."
        )


def _require_no_links(folder: Path) -> None:
    home = _home(folder)
    for path in sorted(folder.rglob("*")):
        if not path.resolve().is_relative_to(home):
            raise ModelError(
                f"{path} is a link to a file outside the model's folder; put the file itself there, or allow links "
                "with --allow-links."
            )


def _home(folder: Path) -> Path:
    """The folder that files may be in; in the hub's cache, snapshots contain links to blobs in a sibling folder."""
    folder = folder.resolve()
    return folder.parents[1] if folder.parent.name == "snapshots" else folder
