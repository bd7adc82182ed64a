"""Tables and charts as files and as text to paste; `tui.common.table_formats` decides how a value looks."""

import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa

from neurontui.store.errors import MissingExtraError, UsageError
from neurontui.tui.charts.model import Drawing
from neurontui.tui.charts.terminal.plain_text import to_text
from neurontui.tui.common.sanitize import clean
from neurontui.tui.common.table_formats import TABLE_FORMATS, encoded

__all__ = ["CHART_FORMATS", "TABLE_FORMATS", "chart_bytes", "save", "slug", "table_bytes", "table_text"]

CHART_FORMATS = ("svg", "png", "pdf", "txt")


def table_bytes(table: pa.Table, kind: str) -> bytes:
    """A table in one of TABLE_FORMATS; text is UTF-8."""
    return b"".join(encoded(iter([table]), kind))


def table_text(table: pa.Table) -> str:
    """A table as tab-separated text, as spreadsheets paste it."""
    return b"".join(encoded(iter([table]), "tsv")).decode().removesuffix("\n")


def chart_bytes(drawing: Drawing, kind: str, caption: Sequence[str] = ()) -> bytes:
    """A chart in one of CHART_FORMATS, with lines below it.

    Raises MissingExtraError for a picture where matplotlib is not installed.
    """
    if kind == "txt":
        lines = [to_text(drawing), *map(clean, caption)]
        return ("\n".join(lines) + "\n").encode("utf-8", "replace")
    if find_spec("matplotlib") is None:
        raise MissingExtraError(
            f"A chart as .{kind} needs matplotlib, which is not installed: pip install 'neurontui[report]'. "
            "Exporting it as .txt works without."
        )
    from neurontui.tui.charts.figure.plot import picture  # matplotlib, only when a picture is made

    return picture(drawing, kind, caption)


def save(folder: Path, name: str, kind: str, content: bytes) -> Path:
    """Write a new file: `name.kind`, or `name-2.kind` and so on. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            path = folder / f"{slug(name)}{'' if number == 1 else f'-{number}'}.{kind}"
            try:
                with path.open("xb") as file:
                    file.write(content)
            except FileExistsError:
                continue
            return path
    except OSError as error:
        raise UsageError(f"Cannot write into {folder} ({error.strerror or error}); choose another folder.") from None
    raise UsageError(f"{folder} contains ten thousand files of that name; choose another folder.")


def slug(name: str) -> str:
    """A file name for any file system: letters, digits, dots and hyphens."""
    return re.sub(r"[^\w.]+", "-", clean(name)).strip("-.")[:80] or "export"
