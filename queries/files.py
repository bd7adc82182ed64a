"""One or several results files as one database: in a cursor, every table name refers to all files."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb

from neurontui.queries.published import NAMES, published
from neurontui.store import schema
from neurontui.store.older_files import is_partial, relation, select_list
from neurontui.store.reader import Reader
from neurontui.store.sql_text import named

_WORD = re.compile(r"\w+")


class Files:
    """The files of one reader. Run numbers continue from file to file."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.paths = tuple(file.path for file in reader.files)
        self._offsets = _offsets(reader)

    def cursor(self, text: str) -> duckdb.DuckDBPyConnection:
        """A cursor in which the tables that `text` mentions span all files, with published numbers and other tables.

        Other tables: neuron sets beside the files, and distances of their languages. Raises InputError or UsageError if
        those that `text` mentions cannot be used.
        """
        cursor = self._reader.cursor()
        words = set(_WORD.findall(text))
        for name in words & NAMES:
            cursor.register(name, published(name))
        if "neuron_sets" in words:
            # Imported here, as are distances below: few queries need them, and the explorer opens sooner.
            from neurontui.queries.neuron_sets import sets_table

            cursor.register("neuron_sets", sets_table(self.paths))
        if "language_distances" in words:
            from neurontui.queries.distances import language_distances

            cursor.register("language_distances", language_distances(self._languages()))
        for statement in self._views(words):
            cursor.execute(statement)
        return cursor

    def _languages(self) -> tuple[str, ...]:
        """The languages of all runs of all files."""
        codes: set[str] = set()
        for number in range(len(self._reader.files)):
            cursor = self._reader.cursor(number)
            codes.update(code for (code,) in cursor.execute("SELECT DISTINCT language FROM run_languages").fetchall())
            cursor.close()
        return tuple(sorted(codes))

    def of_run(self, run: int) -> Path:
        """The file with run number `run`."""
        candidates = [i for i, offset in enumerate(self._offsets) if offset < run]
        return self.paths[candidates[-1] if candidates else 0]

    def close(self) -> None:
        """Close every cursor."""
        self._reader.close()

    def _views(self, words: set[str]) -> Iterator[str]:
        """Temporary views of tables in several files, or that a file lacks in part or whole.

        DuckDB moves the offset out of comparisons and filters each file by run.
        """
        files = list(zip(self._reader.files, self._offsets, strict=True))
        # The files' own views would read only the tables of one file.
        views = {name: text for name, text in _stored_views().items() if name in words and len(files) > 1}
        names = words | {word for text in views.values() for word in _WORD.findall(text)}
        for table in schema.tables_of_a_run():
            if table in names and (len(files) > 1 or is_partial(files[0][0].tables, table)):
                yield f"CREATE TEMP VIEW {table} AS " + " UNION ALL ".join(
                    f"SELECT run + {offset} AS run, {select_list(file.tables, table)} "
                    f"FROM {relation(file.tables, named(file.database), table)}"
                    for file, offset in files
                )
        yield from views.values()


@cache
def _stored_views() -> dict[str, str]:
    """Name -> statement that creates a view of the schema as a temporary view."""
    text = (Path(schema.__file__).parent / "schema.sql").read_text(encoding="utf-8")
    return {
        match[1]: f"CREATE TEMP VIEW {match[1]} AS {match[2]}"
        for match in re.finditer(r"^CREATE VIEW (\w+) AS\b(.*?);$", text, re.DOTALL | re.MULTILINE)
    }


def _offsets(reader: Reader) -> list[int]:
    """The offset of the run numbers of each file."""
    offsets, highest = [], 0
    for number in range(len(reader.files)):
        offsets.append(highest)
        cursor = reader.cursor(number)
        [(last,)] = cursor.execute("SELECT coalesce(max(run), 0) FROM runs").fetchall()
        cursor.close()
        highest += last
    return offsets
