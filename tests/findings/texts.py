"""The texts of the corpus in docs/findings.md: the different premises of XNLI, which are sentences from ten genres."""

from collections.abc import Iterator
from pathlib import Path

TEXTS = "xnli-premises"
N_TEXTS = 400
"""Of each language."""


def write_texts(data: Path, folder: Path) -> list[Path]:
    """Write one file for each language of XNLI's test set below `data` to `folder`; returns them."""
    into = folder / TEXTS
    into.mkdir(parents=True, exist_ok=True)
    written = []
    for table in sorted(data.rglob("test-??.tsv")):
        path = into / f"{table.stem.removeprefix('test-')}.txt"
        path.write_text("".join(f"{premise}\n" for premise in _premises(table)), "utf-8")
        written.append(path)
    return written


def _premises(table: Path) -> Iterator[str]:
    """The first column, each sentence once, in the order of the file."""
    lines = table.read_text("utf-8").splitlines()
    unique = dict.fromkeys(line.partition("\t")[0].strip() for line in lines)
    yield from [premise for premise in unique if premise][:N_TEXTS]
