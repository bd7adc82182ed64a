"""The folder of files that are made once and can be deleted at any time. Imports no torch."""

import os
import shutil
from pathlib import Path

import platformdirs

from neurontui.store.errors import ModelError


def cache_root() -> Path:
    """The user's cache folder for neurontui, or NEURONTUI_CACHE."""
    folder = os.environ.get("NEURONTUI_CACHE")
    return Path(folder) if folder else platformdirs.user_cache_path("neurontui")


def require_space(folder: Path, size: int, what: str) -> None:
    """Raise ModelError if a folder of the cache has less than `size` bytes free; `what` needs them."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ModelError(
            f"{what} needs {size / 1e6:,.0f} MB in {folder}, which has {free / 1e6:,.0f} MB free; free some space, or "
            "set NEURONTUI_CACHE to a folder on another disk."
        )
