"""A model folder from somebody else: only its own files are read, and its weights are complete.

Weights and tokenizer would be opened wherever a link or the index of the weights leads.
"""

from pathlib import Path

from neurontui.compute.models.load.model_files import indexes, shard_names, weight_files
from neurontui.store.errors import ModelError


def require_own_files(folder: Path, *, allow_links: bool = False) -> None:
    """Raise ModelError where a file of a model folder is outside it; `allow_links`: links may lead elsewhere."""
    if not allow_links:
        _require_no_links(folder)
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} holds an adapter, which would load another model; merge it into its base model first."
        )
    for index in indexes(folder):
        foreign = [name for name in shard_names(index) if name in ("", "..", ".") or Path(name).name != name]
        if foreign:
            raise ModelError(
                f"{index} names weights outside the model's folder ({foreign[0][:80]!r}), which are not read."
            )


def require_whole_weights(folder: Path) -> None:
    """Raise ModelError that names the first file of its weights that the folder lacks."""
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
                f"{path} is a link that leads out of the model's folder; put the file itself there, or trust the "
                "folder's links with --allow-links."
            )


def _home(folder: Path) -> Path:
    """Where files of the folder may be: in the hub's cache, snapshots are links to blobs beside them."""
    folder = folder.resolve()
    return folder.parents[1] if folder.parent.name == "snapshots" else folder
