"""Read a small file of settings, such as TOML, and no more than that."""

from pathlib import Path

from neurontui.compute.tasks.text import printable
from neurontui.store.errors import InputError

MAX_BYTES = 1 << 20


def read_small(path: Path, *, expected: str, kind: str) -> bytes:
    """Content of a file of at most MAX_BYTES.

    expected, kind: what the file should be, in the sentences of InputError about something else and a larger file.
    """
    name = printable(str(path))
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"{name} is not a file; {expected}.")
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is not a valid file name"
        raise InputError(f"Cannot read {name}: {reason}.") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES >> 20} MiB; is it {kind}?")
    return raw
