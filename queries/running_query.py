"""A query that runs in one thread while other threads can follow its progress or cancel it."""

import re
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from neurontui.queries.arrow_types import readable, with_python_dates
from neurontui.queries.values import Value
from neurontui.store.duckdb_errors import explain
from neurontui.store.errors import NeurontuiError, QueryError

_INTERRUPT_INTERVAL = 0.02  # seconds; DuckDB ignores an interrupt before it has started, so it is repeated
warnings.filterwarnings("ignore", "Arrow output on a DB-API result", UserWarning, r"neurontui\b")
_DAMAGE = (duckdb.IOException, duckdb.FatalException, duckdb.InternalException)


class SqlError(QueryError):
    """SQL that DuckDB refuses. `line` and `column` count from 1; None if DuckDB gives no position."""

    def __init__(self, sentence: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(sentence)
        self.line, self.column = line, column


class Job:
    """One statement with its own cursor. Call `run` once; `cancel` can be called at any time."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        text: str,
        values: Mapping[str, Value],
        path: Path,
        seconds: float | None = None,
        *,
        readable_columns: bool = False,
    ) -> None:
        """`readable_columns`: all columns are known to be of types that Python can represent."""
        self.truncated = False
        """Whether the result was truncated to `max_rows`."""
        self._cursor, self._text, self._values, self._path = cursor, text, dict(values), path
        self._seconds, self._readable_columns = seconds, readable_columns
        self._started, self._stop, self._done = (threading.Event() for _ in range(3))
        self._expired = False

    def run(self, max_rows: int | None = None) -> pa.Table:
        """The result, with at most `max_rows` rows. Raises QueryError, or SqlError for wrong SQL."""
        with self._running():
            return self._fetch(max_rows)

    def pieces(self, rows: int = 50_000) -> Iterator[pa.Table]:
        """The result as tables of about `rows` rows, for results larger than memory.

        Yields at least one table. Use it instead of `run`; it raises the same errors.
        """
        with self._running():
            relation = self._relation()
            if relation is None:
                yield pa.table({})
                return
            reader = relation.to_arrow_reader(rows)
            try:
                batch = next(reader, None)
                if batch is None:
                    yield reader.schema.empty_table()
                while batch is not None:
                    yield with_python_dates(pa.Table.from_batches([batch]))
                    batch = next(reader, None)
            except (pa.ArrowException, OSError) as error:  # how Arrow reports an error of DuckDB
                raise _of_duckdb(str(error)) from None
            finally:
                reader.close()

    @contextmanager
    def _running(self) -> Iterator[None]:
        self._started.set()
        timer = threading.Timer(self._seconds or 0, self._expire)
        timer.daemon = True
        if self._seconds:
            timer.start()
        try:
            if self._stop.is_set():
                raise self._stopped()
            yield
        except duckdb.Error as error:
            raise self._explained(error) from None
        finally:
            self._done.set()
            timer.cancel()
            self._cursor.close()

    def cancel(self) -> None:
        """Stop the query now, or as soon as it starts; `run` then raises QueryError."""
        self._stop.set()
        if self._started.is_set():  # otherwise `run` checks the event
            threading.Thread(target=self._interrupt, name="cancel query", daemon=True).start()

    def progress(self) -> float | None:
        """DuckDB's estimate of the percentage done; None if it has none yet."""
        if self._done.is_set():
            return 100.0
        with suppress(duckdb.Error):  # the query may have ended
            percent = float(self._cursor.query_progress())
            return percent if percent >= 0 else None
        return 100.0

    def _relation(self) -> duckdb.DuckDBPyRelation | None:
        """The statement, not yet executed; None for a statement without rows."""
        # Unlike `execute`, `sql` gives its rows to Arrow without a copy.
        relation: duckdb.DuckDBPyRelation | None = self._cursor.sql(self._text, params=self._values or None)
        return None if relation is None else readable(relation)

    def _fetch(self, max_rows: int | None) -> pa.Table:
        if self._readable_columns and max_rows is None:
            return self._execute()
        relation = self._relation()
        if relation is None:
            return pa.table({})
        if max_rows is None:
            return with_python_dates(relation.to_arrow_table())
        table = relation.limit(max_rows + 1).to_arrow_table()
        self.truncated = table.num_rows > max_rows
        return with_python_dates(table.slice(0, max_rows))

    def _execute(self) -> pa.Table:
        """The result with a copy of its rows, but planned once: `sql` plans a statement for its types, then to run it.

        Plans take longer than most queries of a screen: 50 of 500 ms for the claims on 2.5 billion masks.
        """
        return with_python_dates(self._cursor.execute(self._text, self._values or None).to_arrow_table())

    def _interrupt(self) -> None:
        while not self._done.is_set():
            with suppress(duckdb.Error):  # the query may have ended
                self._cursor.interrupt()
            self._done.wait(_INTERRUPT_INTERVAL)

    def _expire(self) -> None:
        self._expired = True
        self.cancel()

    def _stopped(self) -> QueryError:
        if self._expired:
            return QueryError(f"The query was stopped: it took longer than {self._seconds:g} s.")
        return QueryError("The query was cancelled.")

    def _explained(self, error: duckdb.Error) -> NeurontuiError:
        if isinstance(error, duckdb.InterruptException):
            if self._stop.is_set():
                return self._stopped()
            return QueryError(f"The query was stopped: it took longer than {self._limit()}.")
        if isinstance(error, duckdb.OutOfMemoryException):
            return QueryError("The query exceeded its memory limit; select fewer rows, layers or examples.")
        if isinstance(error, _DAMAGE) or "Corrupt database file" in str(error):
            return explain(error, self._path)
        return _sql_error(self._placed(str(error)))

    def _limit(self) -> str:
        """DuckDB's own time limit, which can end a query before ours of the same length does."""
        with suppress(duckdb.Error):
            [(milliseconds,)] = self._cursor.execute("SELECT current_setting('max_execution_time')").fetchall()
            return f"{int(milliseconds) / 1000:g} s"
        return "its time limit"

    def _placed(self, text: str) -> str:
        """The message with its line: for a wrong name or type, `sql` gives no line, but EXPLAIN does."""
        if "\nLINE " in text:
            return text
        try:
            self._cursor.execute(f"EXPLAIN\n{self._text}", self._values or None)
        except duckdb.Error as error:
            if "\nLINE " in str(error):  # otherwise EXPLAIN itself may not be allowed
                return re.sub(r"(?m)^LINE (\d+)", lambda place: f"LINE {int(place[1]) - 1}", str(error))
        return text


def _of_duckdb(text: str) -> duckdb.Error:
    """The error of DuckDB that ended a stream of rows, from its message."""
    kinds = {
        "INTERRUPT": duckdb.InterruptException,
        "Out of Memory": duckdb.OutOfMemoryException,
        "IO": duckdb.IOException,
        "FATAL": duckdb.FatalException,
        "INTERNAL": duckdb.InternalException,
    }
    kind = re.search(r"(\w[\w ]*) Error: ", text)
    return kinds.get(kind[1] if kind else "", duckdb.Error)(text[kind.start() :] if kind else text)


def _sql_error(text: str) -> SqlError:
    """DuckDB's message as one sentence, with the position of its caret."""
    sentence = " ".join(text.split("\n\nLINE ")[0].split())
    place = re.search(r"^LINE (\d+): (.*)\n( *)\^", text, re.MULTILINE)
    if not place:
        return SqlError(sentence)
    column = len(place[3]) - len(f"LINE {place[1]}: ") + 1
    return SqlError(f"{sentence} (line {place[1]})", int(place[1]), max(1, column))
