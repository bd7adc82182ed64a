"""A report as one HTML file: figures inline, no script, nothing loaded from anywhere. All text is escaped here."""

import re
from collections.abc import Callable, Iterator
from html import escape as quote
from pathlib import Path

from neurontui.tui.common.sanitize import clean
from neurontui.tui.report import numbers
from neurontui.tui.report.model import Block, Cell, Figure, Fold, Report, Section, Table, Text

Draw = Callable[[Figure], str]
"""A figure as an `<svg>` element."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Whatever a stored text might smuggle in, the browser runs and loads nothing."""
_STYLE = Path(__file__).with_name("page.css")
_BRIEF = 60
"""Tables of at most so many rows stand open."""


def render(report: Report, draw: Draw, variables: str = "") -> str:
    """The whole document; `variables` are the colours of the figures, as CSS."""
    parts = [
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(report.title)}</title>",
        f"<style>\n{variables}\n{_STYLE.read_text(encoding='utf-8')}</style>", "</head>", "<body>", "<header>",
        f"<h1>{escape(report.title)}</h1>", f'<p class="subtitle">{escape(report.subtitle)}</p>', "</header>",
        *_contents(report), "<main>",
        *(line for section in report.sections for line in _section(section, 2, draw)),
        "</main>", "</body>", "</html>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Stored text as HTML text."""
    return quote(clean(text), quote=True)


def _prose(text: str) -> str:
    """Text to read: a number and its percent sign stay on one line."""
    return re.sub(r"(?<=\d) %", "\u00a0%", escape(text))


def _contents(report: Report) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ol>'
    for section in report.sections:
        yield f'<li><a href="#{quote(section.slug)}">{escape(section.title)}</a>'
        if section.parts:
            links = (f'<a href="#{quote(part.slug)}">{escape(part.title)}</a>' for part in section.parts)
            yield f'<span class="parts">{" · ".join(links)}</span>'
        yield "</li>"
    yield "</ol></nav>"


def _section(section: Section, level: int, draw: Draw) -> Iterator[str]:
    yield f'<section id="{quote(section.slug)}">'
    yield f"<h{level}>{escape(section.title)}</h{level}>"
    for block in section.blocks:
        yield from _block(block, draw)
    for part in section.parts:
        yield from _section(part, level + 1, draw)
    yield "</section>"


def _block(block: Block, draw: Draw) -> Iterator[str]:
    if isinstance(block, Text):
        yield f'<p class="{block.kind}">{_prose(block.text)}{_code(block.command)}</p>'
    elif isinstance(block, Table):
        yield from _standing(block)
    elif isinstance(block, Figure):
        yield from _figure(block, draw)
    else:
        yield from _fold(block, draw)


def _fold(fold: Fold, draw: Draw) -> Iterator[str]:
    yield f"<details><summary>{escape(fold.title)}</summary>"
    for block in fold.blocks:
        yield from _block(block, draw)
    yield "</details>"


def _code(command: str) -> str:
    return f" <code>{escape(command)}</code>" if command else ""


def _figure(figure: Figure, draw: Draw) -> Iterator[str]:
    yield f'<figure id="{quote(figure.slug)}">'
    yield f'<div class="plot">{draw(figure)}</div>'
    yield (
        f'<figcaption><b>{escape(figure.title)}</b> <span class="paper">{escape(figure.paper)}</span> '
        f"{_prose(figure.caption)}</figcaption>"
    )
    yield "<details><summary>Numbers</summary>"
    for table in (*((figure.summary,) if figure.summary else ()), *numbers.tables(figure)):
        yield from _table(table)
    if figure.query:
        yield f'<p class="query">{_code(figure.query)}</p>'
    yield "</details>"
    yield "</figure>"


def _standing(table: Table) -> Iterator[str]:
    """A table with its caption; a long one is folded, its first rows are not lost: the summary names it."""
    folded = len(table.rows) > _BRIEF and not table.width
    if folded:
        yield f"<details><summary>{escape(table.title)} ({len(table.rows)} rows)</summary>"
    yield '<figure class="table">'
    yield from _table(table)
    if table.query:
        yield f'<p class="query">{_code(table.query)}</p>'
    yield "</figure>"
    if folded:
        yield "</details>"


def _table(table: Table) -> Iterator[str]:
    if table.title or table.caption:
        title = f"<b>{escape(table.title)}</b> " if table.title else ""
        yield f'<p class="caption">{title}{_prose(table.caption)}</p>'
    yield (f'<div class="scroll"><table class="{table.width}">' if table.width else '<div class="scroll"><table>')
    if any(table.header):
        yield "<thead>"
        if table.groups:
            spans = (f'<th colspan="{count}">{escape(title)}</th>' for title, count in table.groups)
            yield f'<tr class="groups">{"".join(spans)}</tr>'
        yield f"<tr>{''.join(_head(name, i < table.labels) for i, name in enumerate(table.header))}</tr>"
        yield "</thead>"
    yield "<tbody>"
    for row in table.rows:
        aside = ' class="aside"' if all(cell.aside for cell in row) else ""
        yield f"<tr{aside}>{''.join(_cell(cell, i < table.labels) for i, cell in enumerate(row))}</tr>"
    yield "</tbody></table></div>"


def _head(name: str, label: bool) -> str:
    return f'<th scope="col"{_CLASS[label]}>{escape(name)}</th>'


_CLASS = {True: "", False: ' class="n"'}


def _cell(cell: Cell, label: bool) -> str:
    text = escape(cell.text)
    text = f"<b>{text}</b>" if cell.strong else text
    names = " ".join(name for name, on in (("n", not label), ("aside", cell.aside)) if on)
    return f'<td class="{names}">{text}</td>' if names else f"<td>{text}</td>"
