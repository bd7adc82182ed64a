"""Keywords and functions of DuckDB's SQL, from DuckDB's own catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import duckdb

_FUNCTIONS = """
    SELECT DISTINCT function_name FROM duckdb_functions()
    WHERE function_type IN ('scalar', 'aggregate', 'window', 'macro', 'table_macro')
      AND regexp_full_match(function_name, '[a-z][a-z0-9_]*') AND NOT starts_with(function_name, 'collate_')
    ORDER BY length(function_name), function_name
"""


@dataclass(frozen=True)
class Catalog:
    """Names in lower case, in the order in which they are offered; `plain` keywords may be names of columns too."""

    reserved: tuple[str, ...]
    plain: Mapping[str, None]
    functions: Mapping[str, None]


@cache
def catalog() -> Catalog:
    """What this version of DuckDB knows; takes about 50 ms the first time."""
    with duckdb.connect() as connection:
        keywords = connection.execute("SELECT keyword_name, keyword_category FROM duckdb_keywords() ORDER BY 1")
        names = keywords.fetchall()
        functions = [name for (name,) in connection.execute(_FUNCTIONS).fetchall()]
    return Catalog(
        tuple(name for name, category in names if category in ("reserved", "type_function")),
        dict.fromkeys(name for name, category in names if category not in ("reserved", "type_function")),
        dict.fromkeys(functions),
    )
