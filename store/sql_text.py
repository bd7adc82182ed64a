"""Quoting of strings and identifiers in SQL."""


def quoted(text: object) -> str:
    """`text` as an SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def named(identifier: str) -> str:
    """`identifier` as an SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'
