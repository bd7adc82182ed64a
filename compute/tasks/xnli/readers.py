"""Readers of the layouts that XNLI's test split is published in. Each takes files by language."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurontui.compute.tasks.data_files import read_lines, read_rows, require_text
from neurontui.compute.tasks.text import printable, shown
from neurontui.compute.tasks.xnli.table import (
    LABELS,
    LabelledPair,
    Pair,
    XnliTable,
    parallel,
    read_label,
    read_pair,
)
from neurontui.store.errors import InputError

Files = Mapping[str, Sequence[Path]]
"""Language to its files; '' for a file with all languages."""

_FIELDS = ("premise", "hypothesis", "label")
_COLUMNS = ("language", "gold_label", "sentence1", "sentence2", "pairID")


def read_all_languages(files: Files) -> XnliTable:
    """The hub's all_languages: premise is a struct of languages, hypothesis a pair of lists."""
    rows = [row for path in files[""] for row in _parquet_rows(path)]
    pairs = [_translations(row, f"Row {number} of all_languages") for number, row in enumerate(rows, 1)]
    labels = [read_label(row["label"], f"Row {number}") for number, row in enumerate(rows, 1)]
    codes = dict.fromkeys(code for by_language in pairs for code in by_language)
    columns = {code: [by_language.get(code) for by_language in pairs] for code in codes}
    return XnliTable(columns, labels, _name(files, folders=1))


def read_official(files: Files) -> XnliTable:
    """The 19 columns of xnli.test.tsv: rows of all languages, joined by pairID."""
    path = files[""][0]
    rows: dict[str, dict[str, tuple[Pair | None, int]]] = {}
    for number, row in _official_rows(path):
        where = f"{printable(str(path))}, line {number}"
        versions = rows.setdefault(row["pairID"], {})
        if row["language"] in versions:
            raise InputError(f"{where} repeats pairID {shown(row['pairID'])} in its language.")
        pair = read_pair(row["sentence1"], row["sentence2"])
        versions[row["language"]] = pair, read_label(row["gold_label"], where)
    labels = [_common_label(pair_id, versions) for pair_id, versions in rows.items()]
    codes = dict.fromkeys(code for versions in rows.values() for code in versions)
    columns = {code: [by_language.get(code, (None,))[0] for by_language in rows.values()] for code in codes}
    return XnliTable(columns, labels, _name(files))


def read_parquet(files: Files) -> XnliTable:
    """The hub's folders by language: one row per example, parallel between languages."""
    columns: dict[str, list[LabelledPair]] = {}
    for code, paths in files.items():
        rows = [(path, row) for path in paths for row in _parquet_rows(path)]
        columns[code] = [
            _labelled(row, f"{printable(str(path))}, row {number}") for number, (path, row) in enumerate(rows, 1)
        ]
    return parallel(columns, _name(files, folders=2))


def read_jsonl(files: Files) -> XnliTable:
    """JSON Lines by language with premise, hypothesis and label."""
    columns = {
        code: [
            _labelled(row, f"{printable(str(paths[0]))}, line {number}")
            for number, row in read_rows(paths[0], *_FIELDS)
        ]
        for code, paths in files.items()
    }
    return parallel(columns, _name(files, folders=2))


def read_xtreme(files: Files) -> XnliTable:
    """test-xx.tsv of XTREME: premise, hypothesis, and no label in most editions."""
    columns = {code: list(_xtreme_rows(paths[0])) for code, paths in files.items()}
    return parallel(columns, _name(files, folders=1))


READERS: dict[str, Callable[[Files], XnliTable]] = {
    "all": read_all_languages,
    "official": read_official,
    "parquet": read_parquet,
    "jsonl": read_jsonl,
    "xtreme": read_xtreme,
}


def _translations(row: dict[str, Any], where: str) -> dict[str, Pair]:
    premises, hypotheses = row["premise"], row["hypothesis"]
    if isinstance(hypotheses, dict) and set(hypotheses) == {"language", "translation"}:
        codes, texts = hypotheses["language"], hypotheses["translation"]
        hypotheses = dict(zip(codes, texts, strict=True)) if len(codes) == len(texts) else None
    if not isinstance(premises, dict) or not isinstance(hypotheses, dict):
        raise InputError(f"{where} has no translations by language.")
    pairs = {code: read_pair(text or "", hypotheses.get(code) or "") for code, text in premises.items()}
    return {code: pair for code, pair in pairs.items() if pair}


def _official_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    lines = read_lines(path)
    header = next(lines, (1, ""))[1].split("\t")
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise InputError(f"{printable(str(path))} has no column {missing[0]} in its first line.")
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(
                f"{printable(str(path))}, line {number} has {len(cells)} columns, its header {len(header)}."
            )
        yield number, dict(zip(header, cells, strict=True))


def _common_label(pair_id: str, versions: Mapping[str, tuple[Pair | None, int]]) -> int:
    labels = sorted({label for _, label in versions.values()})
    if len(labels) > 1:
        words = " and ".join(LABELS[label] for label in labels)
        raise InputError(f"pairID {shown(pair_id)} of XNLI is {words}, depending on the language.")
    return labels[0]


def _labelled(row: dict[str, Any], where: str) -> LabelledPair:
    premise = require_text(row["premise"], f"{where}: premise")
    hypothesis = require_text(row["hypothesis"], f"{where}: hypothesis")
    return read_pair(premise, hypothesis), read_label(row["label"], where)


def _xtreme_rows(path: Path) -> Iterator[LabelledPair]:
    for number, line in read_lines(path):
        cells = line.split("\t")
        where = f"{printable(str(path))}, line {number}"
        if len(cells) not in (2, 3):
            raise InputError(f"{where} has {len(cells)} columns; XNLI has premise, hypothesis, label.")
        label = read_label(cells[2], where) if len(cells) == 3 else None
        yield read_pair(cells[0], cells[1]), label


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    # Imported here, because checking a task file does not need Arrow.
    import pyarrow
    import pyarrow.parquet

    wrong = InputError(f"{printable(str(path))} is not a Parquet file with {', '.join(_FIELDS)}.")
    try:
        table = pyarrow.parquet.read_table(path, columns=list(_FIELDS), partitioning=None)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise wrong from None
    if set(table.column_names) != set(_FIELDS):
        raise wrong
    return [dict(row) for row in table.to_pylist()]


def _name(files: Files, folders: int = 0) -> str:
    paths = [path for of_language in files.values() for path in of_language]
    first = printable("/".join(paths[0].parts[-1 - folders :]))
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} files like it"
