"""The folder of files that are made once and can be deleted at any time. Imports no torch."""

import os
from pathlib import Path

import platformdirs


def cache_root() -> Path:
    """The user's cache folder for neurontui, or NEURONTUI_CACHE."""
    folder = os.environ.get("NEURONTUI_CACHE")
    return Path(folder) if folder else platformdirs.user_cache_path("neurontui")
