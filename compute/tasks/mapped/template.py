"""Templates of texts: columns in braces, as in '{question} Answer:'. Braces in the data are not read as columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter


@dataclass(frozen=True)
class Template:
    """Literal texts, each with the column that follows it."""

    parts: tuple[tuple[str, str | None], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in their order, without duplicates."""
        return tuple(dict.fromkeys(column for _, column in self.parts if column is not None))

    def render(self, values: Mapping[str, str]) -> str:
        """The text with the values of its columns."""
        return "".join(text + ("" if column is None else values[column]) for text, column in self.parts)


def parse_template(text: str) -> Template:
    """The template of a text; `{{` and `}}` are braces. Raises ValueError with the end of a sentence about the text."""
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        raise ValueError("has a single { or }; write a column as {name}, and a brace as {{ or }}") from None
    if any(form or conversion for _, _, form, conversion in fields):
        raise ValueError("has ! or : within braces; give the column another name in data.columns")
    if any(column is not None and not column.strip() for _, column, _, _ in fields):
        raise ValueError("has empty braces; name a column, or write {{}} for braces")
    return Template(tuple((literal, column) for literal, column, _, _ in fields))
