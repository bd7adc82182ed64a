"""Long: what the pages print is what the demo, measured anew, says; another processor may differ in the last digits."""

import re
import shutil
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.docs.outputs import ROOT, refresh
from tests.tui.cli.command_line import neurontui

PAGES = ("README.md", "docs/cookbook.md")
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")


@pytest.mark.faults
def test_the_pages_print_what_the_demo_says(tmp_path: Path) -> None:
    results = tmp_path / "results.duckdb"
    said = neurontui("demo", "--out", results)
    assert said.code == 0, said.err

    for page in PAGES:
        fresh = tmp_path / Path(page).name
        shutil.copy(ROOT / page, fresh)
        refresh(fresh, results)
        written = (ROOT / page).read_text("utf-8").splitlines()
        found = fresh.read_text("utf-8").splitlines()
        differing = [
            (old, new) for old, new in zip_longest(written, found, fillvalue="") if not alike(old, new)
        ]  # fmt: skip
        assert differing == [], f"{page} is out of date: python -m tests.docs results.duckdb"


def alike(old: str, new: str) -> bool:
    """The same words, and numbers within a fiftieth, or within half of what is counted."""
    words = [" ".join(NUMBER.sub("#", line).split()) for line in (old, new)]
    numbers = [[_value(each) for each in NUMBER.findall(line)] for line in (old, new)]
    return words[0] == words[1] and numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.5)


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def test_what_is_alike_and_what_is_not() -> None:
    assert alike("  3 │ 96.7 │ −0.51", "  3 │ 96.6 │ −0.52")
    assert not alike("  3 │ 96.7", "  5 │ 96.7")
    assert not alike("supported: +2.4", "undecided: +2.4")
