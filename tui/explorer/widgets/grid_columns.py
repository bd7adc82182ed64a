"""Columns and rows of a table on the screen: which columns fit, and rows in the order of one of them."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from neurontui.tui.common.table_fields import Field

_NUMBER = r"^(?P<number>[+-]?\d+(?:\.\d+)?)(?: ±.*)?$"
BETWEEN = 2
"""Cells between two columns."""
STRETCHED = 20
"""Least width of a column that takes the room that is left."""
LARGEST = 1_000_000
"""Rows that are sorted within a few tenths of a second."""


def fitting(fields: Sequence[Field], widths: Sequence[int], room: int) -> list[int]:
    """Places of the columns that fit into `room`: those of the highest rank are left out first, the last one first."""
    places = list(range(len(fields)))
    needed = [min(width, STRETCHED) if field.stretch else width for field, width in zip(fields, widths, strict=True)]
    while sum(needed[place] + BETWEEN for place in places) > room:
        least = max(places, key=lambda place: (fields[place].rank, place), default=None)
        if least is None or not fields[least].rank:
            break
        places.remove(least)
    return places


def is_number(kind: pa.DataType) -> bool:
    """Whether a column holds numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def in_order(table: pa.Table, place: int, descending: bool) -> pa.Table:
    """The rows by a column; rows that are equal keep their order, and NULL comes last. Raises pa.ArrowException."""
    order = "descending" if descending else "ascending"
    indices = pc.sort_indices(pa.table({"key": sort_key(table.column(place))}), sort_keys=[("key", order)])
    return table.take(indices)


def sort_key(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """What rows are sorted by: the numbers of texts such as `+29.5 ±14.7`, otherwise the values."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not pa.types.is_string(column.type):
        return column
    texts = pc.if_else(pc.is_in(column, pa.array(["–", ""])), None, column)
    numbers = pc.struct_field(pc.extract_regex(texts, _NUMBER), "number")
    all_numbers = numbers.null_count == texts.null_count < len(texts)
    return numbers.cast(pa.float64()) if all_numbers else column
