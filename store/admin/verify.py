"""Detects silent damage: tables that changed since the merge, and derived tables that contradict the masks."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from neurontui.store.admin.checksums import differences
from neurontui.store.duckdb_errors import translate_read_errors
from neurontui.store.reader import Reader
from neurontui.store.sql_text import named

# Each query counts the rows that contradict the masks of one run.
_CHECKS = {
    "example_types": """
        WITH counted AS (
            SELECT example, layer, count_if(mask = 0) AS n_non,
                count_if(bit_count(mask) = 1 AND mask <> $all_mask) AS n_specific,
                count_if(bit_count(mask) > 1 AND mask <> $all_mask) AS n_partial,
                count_if(mask = $all_mask) AS n_all
            FROM {db}.activations WHERE run = $run GROUP BY ALL)
        SELECT count(*) FROM counted FULL JOIN
            (SELECT * FROM {db}.example_types WHERE run = $run) AS t USING (example, layer)
        WHERE (counted.n_non, counted.n_specific, counted.n_partial, counted.n_all)
            IS DISTINCT FROM (t.n_non, t.n_specific, t.n_partial, t.n_all)""",
    # Compares the multiset of masks of every neuron: their number, their sum and the sum of their hashes.
    "neuron_masks": """
        WITH counted AS (
            SELECT layer, neuron, count(*) AS n, sum(mask) AS total, sum(hash(mask)) AS bag
            FROM {db}.activations WHERE run = $run GROUP BY ALL)
        SELECT count(*) FROM counted FULL JOIN
            (SELECT layer, neuron, sum(n) AS n, sum(n::HUGEINT * mask) AS total,
                sum(n::HUGEINT * hash(mask)) AS bag
             FROM {db}.neuron_masks WHERE run = $run GROUP BY ALL) AS t USING (layer, neuron)
        WHERE (counted.n, counted.total, counted.bag) IS DISTINCT FROM (t.n, t.total, t.bag)""",
    "neuron_types": """
        WITH counted AS (
            SELECT layer, neuron,
                coalesce(sum(n) FILTER (mask = 0), 0) AS n_non,
                coalesce(sum(n) FILTER (mask = $all_mask), 0) AS n_all, sum(n) AS n
            FROM {db}.neuron_masks WHERE run = $run GROUP BY ALL)
        SELECT count(*) FROM counted FULL JOIN
            (SELECT *, n_non + n_specific + n_partial + n_all AS n
             FROM {db}.neuron_types WHERE run = $run) AS t USING (layer, neuron)
        WHERE (counted.n_non, counted.n_all, counted.n) IS DISTINCT FROM (t.n_non, t.n_all, t.n)""",
    "mask_histogram": """
        WITH measured AS (SELECT DISTINCT example, fold FROM {db}.examples WHERE run = $run),
        counted AS (
            SELECT fold, layer, mask, count(*) AS n
            FROM {db}.activations JOIN measured USING (example) WHERE run = $run GROUP BY ALL)
        SELECT count(*) FROM counted FULL JOIN
            (SELECT fold, layer, mask, n FROM {db}.mask_histogram
             WHERE run = $run AND scope = 'last' AND threshold = $threshold) AS t
            USING (fold, layer, mask)
        WHERE counted.n IS DISTINCT FROM t.n""",
    "active_histogram": """
        WITH measured AS (SELECT DISTINCT example, fold FROM {db}.examples WHERE run = $run),
        counted AS (
            SELECT fold, layer, bit_count(mask) AS n_active, count(*) AS n
            FROM {db}.activations JOIN measured USING (example) WHERE run = $run GROUP BY ALL)
        SELECT count(*) FROM counted FULL JOIN
            (SELECT fold, layer, n_active, n FROM {db}.active_histogram
             WHERE run = $run AND scope = 'last' AND threshold = $threshold) AS t
            USING (fold, layer, n_active)
        WHERE counted.n IS DISTINCT FROM t.n""",
}


def verify(reader: Reader) -> list[str]:
    """One sentence per problem of the open results files; [] if there are none.

    Reads every row: about one minute per billion masks and core. Raises StoreError if a block cannot be read.
    """
    return [sentence for number in range(len(reader.files)) for sentence in _file(reader, number)]


def _file(reader: Reader, number: int) -> Iterator[str]:
    file = reader.files[number]
    cursor = reader.cursor(number)
    with translate_read_errors(file.path):
        changed, not_comparable = differences(cursor, file.database)
        for table in changed:
            yield (
                f"{file.path}: {table.table} of run {table.run} has changed since it was merged "
                f"({table.now} rows now, {table.then} then); measure the run again."
            )
        for run in not_comparable:
            yield f"{file.path}: run {run} has no checksums that this version can compare."
        yield from _contradictions(cursor, file.path, f"{named(file.database)}.main")
    cursor.close()


def _contradictions(cursor: duckdb.DuckDBPyConnection, path: Path, database: str) -> Iterator[str]:
    runs = cursor.execute(f"SELECT run, all_mask, threshold FROM {database}.runs ORDER BY run")
    for run, all_mask, threshold in runs.fetchall():
        values = {"run": run, "all_mask": all_mask, "threshold": threshold}
        for table, sql in _CHECKS.items():
            if not _filled(cursor, database, table, run):
                continue
            sql = sql.format(db=database)
            parameters = duckdb.extract_statements(sql)[0].named_parameters
            [(wrong,)] = cursor.execute(sql, {name: values[name] for name in parameters}).fetchall()
            if wrong:
                yield (
                    f"{path}: {wrong} rows of {table} of run {run} do not follow from its masks; measure the run again."
                )


def _filled(cursor: duckdb.DuckDBPyConnection, database: str, table: str, run: int) -> bool:
    """Whether a run has the table and its source: masks can be omitted, and a run has one of the two histograms."""
    source = "neuron_masks" if table == "neuron_types" else "activations"
    return all(
        cursor.execute(f"SELECT 1 FROM {database}.{name} WHERE run = ? LIMIT 1", [run]).fetchall()
        for name in (table, source)
    )
