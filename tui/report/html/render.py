"""A report as one HTML file: figures inline, no script, nothing loaded from anywhere.

Jinja2 escapes every value that a template prints, after `clean` has removed control characters; only what is
marked as `Markup` here, the figures and the styles, is printed as it is.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurontui.tui.common.sanitize import clean
from neurontui.tui.report import numbers
from neurontui.tui.report.model import Figure, Fold, Report, Table, Text

if TYPE_CHECKING:
    from jinja2 import Environment

Draw = Callable[[Figure], str]
"""A figure as an `<svg>` element."""

_FOLDER = Path(__file__).parent
LONGEST_OPEN_TABLE = 60
"""Longer tables are folded."""


def render(report: Report, draw: Draw, variables: str = "") -> str:
    """The whole document; `variables` are the colors of the figures, as CSS."""
    from markupsafe import Markup

    style = f"{variables}\n{(_FOLDER / 'page.css').read_text(encoding='utf-8')}"
    return _environment().get_template("page.html.jinja").render(
        report=report,
        style=Markup(style),  # noqa: S704 - our own file and colors
        draw=lambda figure: Markup(draw(figure)),  # noqa: S704 - matplotlib escapes the text of its figures
        tables_of=_tables_of,
        longest_open_table=LONGEST_OPEN_TABLE,
    )  # fmt: skip


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = _prose
    for kind in (Text, Table, Figure, Fold):
        environment.tests[kind.__name__.lower()] = lambda block, kind=kind: isinstance(block, kind)
    return environment


def _cleaned(value: Any) -> Any:
    """What a template prints, without control characters; markup of ours stays as it is."""
    return value if hasattr(value, "__html__") else clean(value)


def _prose(text: str) -> str:
    """Running text, with a number and its percent sign on one line."""
    return re.sub(r"(?<=\d) %", "\u00a0%", text)


def _tables_of(figure: Figure) -> Iterator[Table]:
    if figure.summary:
        yield figure.summary
    yield from numbers.tables(figure)
