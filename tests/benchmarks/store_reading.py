"""Times of reading a large results file: opening it, ways of looking at neurons, and every named query."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurontui.queries import open_results
from neurontui.queries.loader import Query
from neurontui.queries.values import LISTED

SECONDS = 1.0
"""What a question may take, unless it says that it reads every mask."""
LONG = "in a large file"
"""What the description of a query says that may take longer."""

_OPEN = """
import sys, time
from pathlib import Path
from neurontui.store.reader import open_reader
began = time.perf_counter()
with open_reader(Path(sys.argv[1])) as reader:
    opened = time.perf_counter() - began
    began = time.perf_counter()
    reader.cursor().execute("SELECT neuron, type FROM neurons WHERE run = 1 AND example = 7 AND layer = 3").fetchall()
print(opened, time.perf_counter() - began)
"""

# How people read it; 425 is the mask of five of the ten languages.
PATTERNS = {
    "one example and layer": "SELECT neuron, type, languages FROM neurons WHERE run = 1 AND example = 7 AND layer = 3",
    "one neuron over all examples": "SELECT example, type FROM neurons WHERE run = 1 AND layer = 3 AND neuron = 77",
    "one example over all layers": (
        "SELECT layer, type, count(*) FROM neurons WHERE run = 1 AND example = 7 GROUP BY ALL"
    ),
    "persistence over five languages": """
        SELECT layer, count_if(fewest = most OR fewest BETWEEN 2 AND 4 AND most BETWEEN 2 AND 4) FROM (
            SELECT layer, min(bit_count(mask & 425)) AS fewest, max(bit_count(mask & 425)) AS most
            FROM neuron_masks WHERE run = 1 GROUP BY layer, neuron)
        GROUP BY layer""",
    "specific to one language in half the examples": """
        SELECT layer, neuron FROM neuron_masks JOIN runs USING (run)
        WHERE run = 1 AND mask = 2 AND n >= n_examples / 2""",
    "types of all masks (reads every mask)": "SELECT type, count(*) FROM neurons WHERE run = 1 GROUP BY type",
}
GIVEN: dict[str, Any] = {"layer": 3, "neuron": 77, "example": 7, "other": 1, "text": "a"}
"""Values of parameters that have no default."""


@dataclass(frozen=True)
class Timing:
    """Seconds of a question: the first time it is asked, and at best."""

    what: str
    first: float
    best: float
    long: bool
    """Whether it says that it may take longer."""

    @property
    def slow(self) -> bool:
        """Whether it takes longer than it may."""
        return self.best > SECONDS and not self.long


def opening(path: Path) -> tuple[float, float]:
    """Seconds to open the file and to read one example and layer, in a process that knows nothing of it yet."""
    command = [sys.executable, "-c", _OPEN, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    opened, read = map(float, done.stdout.split())
    return opened, read


def reading(path: Path) -> Iterator[Timing]:
    """Every pattern, then every named query in its defaults and with each other choice it has."""
    with open_results(path) as results:
        for what, sql in PATTERNS.items():
            yield _time(what, lambda sql=sql: results.sql(sql), long="every mask" in what)
        for query in results.queries():
            for what, given in _ways(query, many=results.known_runs[0].languages[LISTED:] != ()):
                yield _time(
                    what,
                    lambda name=query.name, given=given: results.query(name, **given),
                    long=LONG in query.description,
                )


def _ways(query: Query, *, many: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parameters in their defaults, then one other choice at a time."""
    needed = {p.name: GIVEN[p.name] for p in query.parameters if p.required}
    yield f"query {query.name}", needed
    for each in query.parameters:
        others = [choice for choice in each.choices if choice != each.default]
        if each.kind == "boolean":
            others = ["false" if each.default == "true" else "true"]
        if each.kind == "languages" and not (many and query.requires_all_languages):
            others = ["en,de,th,vi"]
        for other in others:
            yield f"  {each.name}={other}", {**needed, each.name: other}


def _time(what: str, ask: Callable[[], object], long: bool) -> Timing:
    took: list[float] = []
    while len(took) < 3 and sum(took) < 20:
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return Timing(what, took[0], min(took), long)
