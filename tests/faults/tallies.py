"""A pytest plugin: what the tests of `make faults` really tried goes into the table in docs/security.md.

    python -m pytest -p tests.faults.tallies -m "faults or tallied"

Runs of a part of the tests renew their own rows alone; each row says its day.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- tallies: made by `make faults` -->", "<!-- end of tallies -->"
KINDS = ("fault", "damage", "input", "attack")
_CACHE = "neurontui/tallies"


def pytest_configure(config: pytest.Config) -> None:
    """Watch in the process that sees all reports."""
    if not hasattr(config, "workerinput") and config.cache is not None:
        config.pluginmanager.register(_Book(config.cache), "tallies")


class _Book:
    """Writes the table after every test, so that a run that is broken off keeps what it has done."""

    def __init__(self, cache: pytest.Cache) -> None:
        self._cache = cache
        self._failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test noted; one that failed counts for nothing but its failure."""
        rows = [value for name, value in report.user_properties if name == "tally"]
        if report.failed:
            self._failed.append(report.nodeid)
        elif report.when != "call" or not rows:
            return
        known: dict[str, Any] = self._cache.get(_CACHE, {})
        known.pop(report.nodeid, None)
        if not report.failed:
            day = datetime.now(UTC).date().isoformat()
            known[report.nodeid] = {"day": day, "rows": rows}
        self._cache.set(_CACHE, known)
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        lines = f"{BEGIN}\n\n{table(known, self._failed)}\n\n{END}"
        PAGE.write_text(f"{before}{lines}{after}", encoding="utf-8")


def table(known: dict[str, Any], failed: Sequence[str] = ()) -> str:
    """One line a thing that was tried, over all tests that tried it."""
    tried: dict[tuple[str, str], int] = defaultdict(int)
    came: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in known.values():
        for kind, what, times, result in entry["rows"]:
            tried[kind, what] += times
            came[kind, what][result] = None
            days[kind, what].add(entry["day"])
    lines = ["| kind | test | repetitions | result | data lost or access gained | last run |",
             "| --- | --- | ---: | --- | --- | --- |"]  # fmt: skip
    for kind, what in sorted(tried, key=lambda each: (KINDS.index(each[0]), each[1])):
        key = kind, what
        results = "; ".join(came[key])
        lines.append(f"| {kind} | {what} | {tried[key]:,} | {results} | nothing | {min(days[key])} |")
    lines += [f"| FAILED | {test} | | | see the test | |" for test in failed]
    return "\n".join(lines)
