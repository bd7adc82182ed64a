"""Journal and merge in masks a second, on a small made-up store; `store_scale` does the same at any size."""

from collections.abc import Iterator
from pathlib import Path

from neurontui.store.admin.sizes import health
from neurontui.store.reader import open_reader
from tests.benchmarks.store_scale import make
from tests.benchmarks.synthetic_tables import Scale

SCALE = Scale(layers=6, neurons=8192, examples=200, batch=100)


def table(folder: Path) -> Iterator[str]:
    """Markdown, row by row."""
    out = folder / "rates.duckdb"
    made = make(SCALE, out)
    yield f"| {made.masks:,} masks, {SCALE.languages} languages | M masks per CPU second | M masks per second |"
    yield "|---|---|---|"
    rates = {
        "into the journal, masks alone": made.writing_masks,
        "into the journal, all tables": made.writing_all,
        "through the merge, all tables": made.merging,
    }
    for what, (wall, busy) in rates.items():
        yield f"| {what} | {made.masks / busy / 1e6:.1f} | {made.masks / wall / 1e6:.1f} |"
    with open_reader(out) as reader:
        [masks] = [each for each in health(reader).tables if each.table == "activations"]
    journal, stored = made.journal_bytes / made.masks, masks.bytes / masks.rows
    whole = out.stat().st_size / made.masks
    yield f"| bytes per mask: journal {journal:.2f}, activations {stored:.2f}, whole file {whole:.2f} | | |"
    yield f"| peak memory of the process: {made.peak_bytes / 1e9:.1f} GB | | |"
