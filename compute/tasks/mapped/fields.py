"""Read the fields of one table of a mapping, with a fault for each that has another type or name."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from neurontui.compute.tasks.text import kind, listed, shown, text_fault


class Fields:
    """One table. Values that are absent or faulty are None, or empty."""

    def __init__(self, table: object, prefix: str, names: Sequence[str], fault: Callable[[str, str], None]) -> None:
        """prefix: the table's name and a dot; fault: receives a key, and the end of a sentence about it."""
        self._prefix = prefix
        self._fault = fault
        self._values: Mapping[str, Any] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            fault(prefix[:-1], f"must be a table, not {kind(table)}")
        for name in self._values:
            if name not in names:
                close = get_close_matches(name[:40], names, n=1)
                hint = f"did you mean {close[0]}?" if close else f"the fields are {listed(names)}"
                fault(f"{prefix}{shown(name)}", f"is not a field of a mapping; {hint}")

    def fault(self, name: str, message: str) -> None:
        """Report a fault of a field."""
        self._fault(f"{self._prefix}{name}", message)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def raw(self, name: str) -> Any:
        """The value as TOML has it."""
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """A text that is not empty."""
        return self._text(name, self.raw(name)) if name in self else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A text, or a list of texts."""
        value = self.raw(name)
        values = value if isinstance(value, list) else [] if value is None else [value]
        read = [self._text(name, item) for item in values]
        if value == []:
            self.fault(name, "is an empty list")
        return tuple(item for item in read if item is not None)

    def scalars(self, name: str) -> tuple[str, ...]:
        """A list of texts or numbers, as texts; unlike in `texts`, an empty text is allowed."""
        value = self.raw(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(type(item) in (str, int) for item in value):
            self.fault(name, "must be a list of texts or whole numbers")
            return ()
        return tuple(map(str, value))

    def texts_of(self, name: str, empty: bool = False) -> dict[str, str]:
        """A table of texts. empty: whether a text may be empty."""
        table = self.raw(name)
        if table is None:
            return {}
        if not isinstance(table, dict):
            self.fault(name, f"must be a table of texts, not {kind(table)}")
            return {}
        read = {
            key: "" if empty and value == "" else self._text(f"{name}.{key}", value) for key, value in table.items()
        }
        return {key: value for key, value in read.items() if value is not None}

    def flag(self, name: str, default: bool) -> bool:
        """true or false."""
        value = self.raw(name)
        if value is not None and not isinstance(value, bool):
            self.fault(name, f"must be true or false, not {kind(value)}")
        return value if isinstance(value, bool) else default

    def whole(self, name: str) -> int | None:
        """A whole number."""
        value = self.raw(name)
        if value is not None and type(value) is not int:
            self.fault(name, f"must be a whole number, not {kind(value)}")
        return value if type(value) is int else None

    def _text(self, name: str, value: object) -> str | None:
        if fault := text_fault(value):
            self.fault(name, fault)
            return None
        return str(value)
