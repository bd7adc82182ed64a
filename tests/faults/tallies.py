"""A pytest plugin: what the tests of `make faults` really tried goes into the table in docs/security.md.

    python -m pytest -p tests.faults.tallies -m "faults or tallied"

Runs of a part of the tests renew their own rows alone; each row says its day.
"""

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- tallies: made by `make faults` -->", "<!-- end of tallies -->"
KINDS = ("fault", "damage", "input", "attack")
_CACHE = "neurontui/tallies"

Row = tuple[str, str, int, str]
_seen: dict[str, list[Row]] = defaultdict(list)
_failed: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what a test noted; one that failed counts for nothing but its failure."""
    if report.failed:
        _failed.append(report.nodeid)
    elif report.when == "call" and report.passed:
        rows = [value for name, value in report.user_properties if name == "tally"]
        _seen[report.nodeid] += [(kind, what, int(tried), came) for kind, what, tried, came in rows]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table, in the process that sees all reports."""
    config = session.config
    if hasattr(config, "workerinput") or config.cache is None:
        return
    today = datetime.now(UTC).date().isoformat()
    known: dict[str, Any] = config.cache.get(_CACHE, {})
    for test in _failed:
        known.pop(test, None)
    known |= {test: {"day": today, "rows": rows} for test, rows in _seen.items() if rows}
    config.cache.set(_CACHE, known)
    if PAGE.exists():
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n{table(known)}\n{END}{after}", encoding="utf-8")


def table(known: dict[str, Any]) -> str:
    """One line a thing that was tried, over all tests that tried it."""
    tried: dict[tuple[str, str], int] = defaultdict(int)
    came: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in known.values():
        for kind, what, times, result in entry["rows"]:
            tried[kind, what] += times
            came[kind, what][result] = None
            days[kind, what].add(entry["day"])
    lines = ["| kind | what was done | times | what came of it | lost or reached | last tried |",
             "| --- | --- | ---: | --- | --- | --- |"]  # fmt: skip
    for kind, what in sorted(tried, key=lambda each: (KINDS.index(each[0]), each[1])):
        key = kind, what
        results = "; ".join(came[key])
        lines.append(
            f"| {kind} | {what} | {tried[key]:,} | {results} | nothing | {min(days[key])} |"
        )
    lines += [f"| FAILED | {test} | | | see the test | |" for test in _failed]
    return "\n".join(lines)
