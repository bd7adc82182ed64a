"""Writes a file completely or not at all; devices and pipes are written directly."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from neurontui.store.errors import InputError
from neurontui.store.os_errors import no_room


def save_whole(out: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a temporary file beside the target and rename it, so that nobody reads half a file. Raises InputError."""
    pieces = [content] if isinstance(content, bytes) else content
    if out.is_dir():
        raise InputError(f"{out} is a folder; give the name of a file in it.")
    try:
        if out.exists() and not out.is_file():
            with out.open("wb") as file:  # a rename would replace /dev/null by a file
                file.writelines(pieces)
        else:
            _replace(out.resolve(), pieces)  # replaces the target of a link, not the link
    except OSError as error:
        what = "the disk is full" if no_room(error) else error.strerror
        raise InputError(f"{out} cannot be written: {what}; choose another path.") from None


def _replace(out: Path, pieces: Iterable[bytes]) -> None:
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=".neurontui.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(pieces)
        Path(name).chmod(0o644)
        Path(name).replace(out)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
