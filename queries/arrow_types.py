"""Converts values that Arrow or Python cannot represent to DuckDB's text.

Python has only the years 1 to 9999 and no infinite dates, Parquet has no intervals, and Arrow overflows with the
largest numbers.
"""

import re
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from neurontui.store.sql_text import named

_DATES = re.compile(r"DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_S|TIMESTAMP_MS")
_FOREIGN = re.compile(r"\b(DATE|TIMESTAMP\w*|TIME|INTERVAL|UHUGEINT|BIGNUM|BIT|VARIANT|GEOMETRY|UNION)\b")
_DAY = 86_400
_FIRST, _LAST = -719_161 * _DAY, 2_932_895 * _DAY
"""Seconds from 1970 to the first and last day of Python's dates, with a margin of one day for time zones."""
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def readable(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """`relation` with all columns of types that Python cannot represent as text."""
    foreign = [not _DATES.fullmatch(str(t)) and bool(_FOREIGN.search(str(t))) for t in relation.types]
    if not any(foreign):
        return relation
    columns = enumerate(zip(relation.columns, foreign, strict=True), 1)
    return relation.project(
        ", ".join(f"#{n}{'::VARCHAR' if text else ''} AS {named(name)}" for n, (name, text) in columns)
    )


def with_python_dates(table: pa.Table) -> pa.Table:
    """`table` with those date columns as text that have a date outside of Python's range."""
    for index in _beyond(table):
        with duckdb.connect() as connection:
            column = pa.table({"x": table.column(index)})
            text = connection.from_arrow(column).project("x::VARCHAR AS x").to_arrow_table()
        table = table.set_column(index, table.field(index).name, text.column(0))
    return table


def _beyond(table: pa.Table) -> Iterator[int]:
    for index, field in enumerate(table.schema):
        if pa.types.is_date32(field.type):
            unit = 1 / _DAY
        elif pa.types.is_timestamp(field.type):
            unit = _UNITS[field.type.unit]
        else:
            continue
        whole = pa.int32() if pa.types.is_date32(field.type) else pa.int64()
        ends = pc.min_max(table.column(index).cast(whole)).as_py()
        if ends["min"] is not None and not (ends["min"] / unit >= _FIRST and ends["max"] / unit <= _LAST):
            yield index
