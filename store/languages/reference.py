"""The reference table of languages, read from `languages.csv`."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REFERENCE_CSV = Path(__file__).parent / "languages.csv"

UNKNOWN = "unknown"
"""Family and branch of a language that is not in the reference table."""
UNKNOWN_SCRIPT = "Zzzz"
"""ISO 15924 code for an unknown script."""


@dataclass(frozen=True)
class LanguageRow:
    """One row of the table `languages`."""

    code: str
    name: str
    family: str
    branch: str
    script: str
    """ISO 15924."""
    bloom_share: float | None


@cache
def reference() -> Mapping[str, LanguageRow]:
    """Code -> row, for every language of `languages.csv`."""
    with REFERENCE_CSV.open(encoding="utf-8", newline="") as file:
        return {row["code"]: _row(row) for row in csv.DictReader(file)}


def _row(row: dict[str, str]) -> LanguageRow:
    share = row["bloom_share"]
    return LanguageRow(
        code=row["code"],
        name=row["name"],
        family=row["family"],
        branch=row["branch"],
        script=row["script"],
        bloom_share=float(share) if share else None,
    )
