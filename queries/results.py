"""The Python interface to results files: every figure and table as an Arrow table, and SQL.

    from neurontui.queries import open_results

    with open_results("results.duckdb") as results:
        ratios = results.query("type-ratio-by-layer", run="bloomz-7b1 · xnli", languages="en,de,zh")
        ratios.to_pandas()

With several files, run numbers continue from file to file, and every query and SQL statement reads all of them, so runs
from different files can be compared. Untrusted files can be read safely.
"""

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from neurontui.queries.files import Files
from neurontui.queries.loader import SHIPPED, Query, load_queries
from neurontui.queries.running_query import Job
from neurontui.queries.values import Run, Value, literal, require_all_of_many, resolve
from neurontui.store.connection import Limits
from neurontui.store.errors import UsageError
from neurontui.store.reader import open_reader

_RUNS = """
WITH others AS (
    SELECT run, list(threshold ORDER BY threshold) AS thresholds
    FROM (SELECT DISTINCT run, threshold FROM mask_histogram UNION SELECT DISTINCT run, threshold FROM active_histogram)
    GROUP BY run
)
SELECT r.run, r.name, r.key, r.languages, r.threshold, o.thresholds
FROM runs r LEFT JOIN others o USING (run)
ORDER BY r.run
"""


def _is_utf8(text: str) -> bool:
    """False for text from a command line with bytes that are not UTF-8."""
    return text == text.encode("utf-8", "replace").decode()


class Results:
    """Open results files; a context manager. All methods can be called from any thread."""

    def __init__(self, files: Files, queries: Sequence[Query]) -> None:
        self._files = files
        self._queries = {query.name: query for query in queries}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, in the order of their run numbers."""
        return self._files.paths

    def queries(self) -> tuple[Query, ...]:
        """All named queries, sorted by name: texts, parameters, columns and SQL."""
        return tuple(self._queries.values())

    def named(self, name: str) -> Query:
        """One named query; raises UsageError for an unknown name."""
        if name not in self._queries:
            near = get_close_matches(name, self._queries)
            if near:
                raise UsageError(f"There is no query '{name}'; did you mean {' or '.join(near)}?")
            raise UsageError(f"There is no query '{name}'; available: {', '.join(self._queries)}.")
        return self._queries[name]

    def runs(self) -> pa.Table:
        """One row per run: the query `runs`, with an additional column `file`."""
        table = self.query("runs")
        numbers = table.column("run").to_pylist()
        return table.append_column("file", pa.array([str(self.file_of(n)) for n in numbers], pa.string()))

    def file_of(self, run: int) -> Path:
        """The file with this run."""
        return self._files.of_run(run)

    def query(self, name: str, /, **params: object) -> pa.Table:
        """The result of a named query.

        `run` is a number, a name or the beginning of a key (default: the last run). `languages` is a list of codes or
        "en,de" (default: all). Raises UsageError for a wrong name or value, QueryError if the query fails.
        """
        return self.job(name, params).run()

    def sql(self, text: str, *, max_rows: int | None = None, seconds: float | None = None) -> pa.Table:
        """The result of an SQL statement, read-only. The query `schema` lists all tables and columns."""
        return self.sql_job(text, seconds=seconds).run(max_rows)

    def statement(self, name: str, /, **params: object) -> str:
        """The complete SQL of a named query, with its parameters as literals."""
        query = self.named(name)
        values = self._values(query, params)
        return query.fill({key: literal(value) for key, value in values.items()})

    def job(
        self,
        name: str,
        params: Mapping[str, object] | None = None,
        *,
        seconds: float | None = None,
    ) -> Job:
        """A named query, to be run in a thread: `run()`, `cancel()`, `progress()`."""
        query = self.named(name)
        values = self._values(query, params or {})
        cursor = self._files.cursor(query.sql)
        return Job(cursor, query.sql, values, self.paths[0], seconds, readable_columns=query.path.parent == SHIPPED)

    def sql_job(self, text: str, *, seconds: float | None = None) -> Job:
        """An SQL statement, to be run in a thread. Raises UsageError for text that is not UTF-8."""
        if not _is_utf8(text):
            raise UsageError("The SQL is not UTF-8; save or type it as UTF-8.")
        return Job(self._files.cursor(text), text, {}, self.paths[0], seconds)

    @cached_property
    def known_runs(self) -> tuple[Run, ...]:
        """The properties of each run that validate parameters."""
        rows = self.sql(_RUNS).to_pylist()
        return tuple(
            Run(
                row["run"],
                row["name"],
                row["key"],
                tuple(row["languages"]),
                tuple(dict.fromkeys([row["threshold"], *(row["thresholds"] or ())])),
            )
            for row in rows
        )

    def _values(self, query: Query, given: Mapping[str, object]) -> dict[str, Value]:
        runs = self.known_runs if query.parameters else ()
        values = resolve(query.parameters, given, runs)
        if query.requires_all_languages:
            require_all_of_many(query.name, values, runs)
        return values

    def close(self) -> None:
        """Close the files, so that other processes can write them."""
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_results(
    *paths: str | os.PathLike[str],
    queries: Sequence[str | os.PathLike[str]] = (),
    limits: Limits | None = None,
) -> Results:
    """Open one or several results files, read-only.

    `queries` are folders with your own queries. Raises StoreError if a file is missing, foreign, too new or damaged,
    BusyError while another process writes it, InputError for an invalid query file.
    """
    named = load_queries(*map(Path, queries))
    return Results(Files(open_reader(*map(Path, paths), limits=limits)), named)
