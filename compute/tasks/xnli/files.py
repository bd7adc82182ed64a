"""Find XNLI's test split under a folder, in any of its published layouts."""

import re
from pathlib import Path

from neurontui.compute.tasks.data_files import files_under
from neurontui.compute.tasks.text import printable
from neurontui.compute.tasks.xnli.readers import READERS
from neurontui.compute.tasks.xnli.table import XnliTable, same_text
from neurontui.store.errors import InputError

_PATTERNS = {
    "all": r"/all_languages/test[^/]*\.parquet$",
    "official": r"/xnli\.test\.tsv$",
    "parquet": r"/(?P<language>[a-z]{2,3})/test[^/]*\.parquet$",
    "jsonl": r"/(?P<language>[a-z]{2,3})/test\.jsonl$",
    "xtreme": r"/test-(?P<language>[a-z]{2,3})\.tsv$",
}
"""In order of preference if two layouts have equally many languages; xtreme is last, because it has no labels."""

_Files = dict[str, list[Path]]


def read_xnli(data: Path) -> XnliTable:
    """XNLI from the files at or below `data`: the layout with the most languages.

    Raises InputError if there is none, or if rows or labels of its files disagree.
    """
    layouts = _find(files_under(data))
    if not layouts:
        raise InputError(
            f"Found no XNLI test split under {printable(str(data))}: looked for xnli.test.tsv, test-xx.tsv, "
            "xx/test.jsonl, xx/test*.parquet and all_languages/test*.parquet."
        )
    best = max(layouts, key=lambda layout: _reach(layouts[layout]))
    table = READERS[best](layouts.pop(best))
    if not all(table.columns.values()):
        raise InputError(f"{table.source} of XNLI is empty.")
    return _with_labels(table, layouts) if None in table.labels else table


def _find(paths: list[Path]) -> dict[str, _Files]:
    layouts: dict[str, _Files] = {}
    for layout, pattern in _PATTERNS.items():
        matches = [(path, re.search(pattern, path.as_posix())) for path in paths]
        for path, match in _likeliest([(path, match) for path, match in matches if match]):
            code = match.groupdict().get("language", "")
            layouts.setdefault(layout, {}).setdefault(code, []).append(path)
    for files in layouts.values():
        _require_one_folder(files)
    return layouts


def _likeliest(matches: list[tuple[Path, re.Match[str]]]) -> list[tuple[Path, re.Match[str]]]:
    """Prefer files in a folder named after XNLI, because other data sets such as PAWS-X use the same file names."""
    named = [candidate for candidate in matches if re.search(r"xnli[^/]*/", candidate[0].as_posix().lower())]
    return named or matches


def _require_one_folder(files: _Files) -> None:
    for paths in files.values():
        folders = sorted({path.parent for path in paths})
        if len(folders) > 1:
            both = f"{printable(str(folders[0]))} and {printable(str(folders[1]))}"
            raise InputError(f"{both} both contain {paths[0].name}; pass one of them as --data.")


def _reach(files: _Files) -> int:
    """Number of languages of the files; a file for all languages has fifteen."""
    return 15 if "" in files else len(files)


def _with_labels(table: XnliTable, others: dict[str, _Files]) -> XnliTable:
    """Add labels to an edition without labels, from another edition with the same rows."""
    for layout, files in others.items():
        labelled = READERS[layout](files)
        shared = [code for code in table.columns if code in labelled.columns]
        if shared and None not in labelled.labels:
            code = "en" if "en" in shared else shared[0]
            _require_same(table, labelled, code)
            source = f"{table.source} with the labels of {labelled.source}"
            return XnliTable(table.columns, labelled.labels, source)
    return table


def _require_same(table: XnliTable, labelled: XnliTable, code: str) -> None:
    mine, theirs = table.columns[code], labelled.columns[code]
    if len(mine) != len(theirs):
        raise InputError(
            f"{table.source} has {len(mine):,} rows in {code}, but {labelled.source} has {len(theirs):,} labels."
        )
    for number, pairs in enumerate(zip(mine, theirs, strict=True), 1):
        if not same_text(*pairs):
            raise InputError(
                f"Row {number} in {code} differs between {table.source} and {labelled.source}, "
                "which has the labels; use two editions of the same split."
            )
