"""Writes a file whole or not at all; into a device or a pipe it just writes."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from neurontui.store.errors import InputError
from neurontui.store.os_errors import no_room


def save_whole(out: Path, content: bytes | Iterable[bytes]) -> None:
    """Write beside the target and rename, so that a reader never meets half a file. Raises InputError."""
    pieces = [content] if isinstance(content, bytes) else content
    if out.is_dir():
        raise InputError(f"{out} is a folder; name a file in it.")
    try:
        if out.exists() and not out.is_file():
            with out.open("wb") as file:  # a rename would put a file in the place of /dev/null
                file.writelines(pieces)
        else:
            _replace(out.resolve(), pieces)  # what a link leads to is replaced, not the link
    except OSError as error:
        what = "the disk is full" if no_room(error) else error.strerror
        raise InputError(f"{out} cannot be written: {what}; choose another place.") from None


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
