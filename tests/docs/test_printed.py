"""Long: the outputs in the pages match a new run of the demo, up to last digits that depend on the processor."""

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
    ended = neurontui("demo", "--out", results)
    assert ended.code == 0, ended.err

    for page in PAGES:
        fresh = tmp_path / Path(page).name
        shutil.copy(ROOT / page, fresh)
        refresh(fresh, results)
        written = (ROOT / page).read_text("utf-8").splitlines()
        current = fresh.read_text("utf-8").splitlines()
        differing = [
            (old, new) for old, new in zip_longest(written, current, fillvalue="") if not alike(old, new)
        ]  # fmt: skip
        assert differing == [], f"{page} is out of date: python -m tests.docs results.duckdb"


def alike(old: str, new: str) -> bool:
    """Whether two lines have the same words, and numbers within 2 % or 0.5."""
    words = [" ".join(NUMBER.sub("#", line).split()) for line in (old, new)]
    numbers = [[_value(number) for number in NUMBER.findall(line)] for line in (old, new)]
    return words[0] == words[1] and numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.5)


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def test_what_is_alike_and_what_is_not() -> None:
    assert alike("  3 │ 96.7 │ −0.51", "  3 │ 96.6 │ −0.52")
    assert not alike("  3 │ 96.7", "  5 │ 96.7")
    assert not alike("supported: +2.4", "undecided: +2.4")
