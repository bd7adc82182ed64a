"""The bytes of a task file as UTF-8 without a byte order mark, after unpacking and decoding."""

import codecs
import gzip
import io
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from neurontui.compute.tasks.task_file.formats.refused import describe_folder, refuse_other_formats
from neurontui.compute.tasks.text import printable
from neurontui.store.errors import InputError

MAX_WHOLE = 512 << 20
"""Most bytes of a file that must be read as a whole: UTF-16, a JSON list, or JSON over several lines."""

_HEAD = 4096
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def open_stream(path: Path, *, plain: bool = False) -> Iterator[BinaryIO]:
    """The file's content, unpacked, in UTF-8, at its first character. plain: a text per line is expected.

    Raises InputError if the file does not exist, cannot be unpacked or decoded, or has another format.
    """
    try:
        _require_file(path)
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            unpacked = cast(BinaryIO, gzip.GzipFile(fileobj=file) if packed else file)
            yield _decoded(path, unpacked, plain=plain)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{printable(str(path))} is a damaged or incomplete gzip file; copy it again.") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "invalid file name"
        raise InputError(f"Cannot read {printable(str(path))}: {reason}.") from None


def read_whole(path: Path, stream: BinaryIO) -> bytes:
    """The rest of a stream; raises InputError if it is larger than MAX_WHOLE."""
    raw = stream.read(MAX_WHOLE + 1)
    if len(raw) > MAX_WHOLE:
        raise InputError(
            f"{printable(str(path))} is larger than {MAX_WHOLE >> 20} MiB; files of this size must be JSON Lines "
            "in UTF-8, one example per line."
        )
    return raw


def _decoded(path: Path, stream: BinaryIO, *, plain: bool) -> BinaryIO:
    head = stream.read(_HEAD)
    stream.seek(0)
    for mark, encoding in _WIDE:
        if head.startswith(mark):
            return _recoded(path, read_whole(path, stream), encoding)
    if head.startswith(codecs.BOM_UTF8):
        stream.seek(len(codecs.BOM_UTF8))
        head = head[len(codecs.BOM_UTF8) :]
    refuse_other_formats(path, head, plain=plain)
    return stream


def _recoded(path: Path, raw: bytes, encoding: str) -> BinaryIO:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise InputError(
            f"{printable(str(path))} has a {encoding.upper()} byte order mark but is not {encoding.upper()}; "
            "save it as UTF-8."
        ) from None
    return io.BytesIO(text.encode("utf-8"))


def _require_file(path: Path) -> None:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise InputError(f"{printable(str(path))} {describe_folder(path)}.")
    if not stat.S_ISREG(mode):
        raise InputError(f"{printable(str(path))} is not a regular file; a task file is JSON Lines.")
