"""A model folder from somebody else: it is read, and nothing outside it.

Weights and tokenizer would be opened wherever a link or the index of the weights leads.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from neurontui.store.errors import ModelError


def require_own_files(folder: Path) -> None:
    """Raise ModelError where a file of a model folder lies elsewhere."""
    home = _home(folder)
    for path in sorted(folder.rglob("*")):
        if not path.resolve().is_relative_to(home):
            raise ModelError(
                f"{path} is a link out of the model's folder, which is not followed; put the file itself there."
            )
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} holds an adapter, which would load another model; merge it into its base model first."
        )
    for index in sorted(folder.glob("*.index.json")):
        if foreign := [
            name for name in _parts(index) if name in ("", "..") or Path(name).name != name
        ]:
            raise ModelError(
                f"{index} names weights outside the model's folder ({foreign[0][:80]!r}), which are not read."
            )


def _home(folder: Path) -> Path:
    """Where files of the folder may lie: in the hub's cache, snapshots are links to blobs beside them."""
    folder = folder.resolve()
    return folder.parents[1] if folder.parent.name == "snapshots" else folder


def _parts(index: Path) -> Iterator[str]:
    try:
        content = json.loads(index.read_text(encoding="utf-8"))
        names = set(content["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(
            f"{index} cannot be read as an index of weights; fetch it again."
        ) from None
    yield from sorted(map(str, names))
