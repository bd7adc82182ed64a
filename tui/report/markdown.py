"""A report as GitHub Markdown, readable as plain text. All stored text is escaped."""

import re
from collections.abc import Callable, Iterator

from rich.cells import cell_len

from neurontui.tui.common.sanitize import clean
from neurontui.tui.report import numbers
from neurontui.tui.report.model import Block, Cell, Figure, Fold, Report, Section, Table, Text

Picture = Callable[[Figure], str | None]
"""Path of the figure's file relative to the report; None if it is not drawn."""

_SPECIAL = re.compile(r"([\\`*\[\]<>|~$&!#{}])|(?<!\w)_|_(?!\w)|(?<=\w)(:)(?=//)|(@)")
_LEADING = re.compile(r"^(\s*\d*)([-+=.)])(\s)")
_SIGNS = {"missing": "○ ", "bad": "✗ ", "note": "› ", "good": "✓ ", "finding": "● ", "plain": ""}
_LINK = re.compile(r"\]\(#([\w-]+)\)")
_ANCHOR = re.compile(r'<a id="([\w-]+)"></a>')
_ADDRESS = re.compile(r"(?i)\b(www)(\.)")


def render(report: Report, picture: Picture = lambda _: None) -> str:
    """The whole document."""
    lines = [f"# {escape(report.title)}", "", escape(report.subtitle), ""]
    for section in report.sections:
        lines += _section(section, 2, picture)
    lines = _without_unused_anchors(lines)
    return "\n".join(lines).rstrip() + "\n"


def _anchor(slug: str) -> Iterator[str]:
    """What links lead to: GitHub's own anchors depend on the words of all headings."""
    if slug:
        yield from (f'<a id="{slug}"></a>', "")


def _without_unused_anchors(lines: list[str]) -> list[str]:
    """The lines without anchors that no cell links to, and without the empty lines after these."""
    linked = set(_LINK.findall("\n".join(line for line in lines if line.startswith("|"))))
    unused = [(anchor := _ANCHOR.fullmatch(line)) is not None and anchor[1] not in linked for line in lines]
    return [line for line, here, before in zip(lines, unused, [False, *unused], strict=False) if not (here or before)]


def escape(text: str) -> str:
    """`text` on one line, with markup, HTML and addresses that would become links escaped."""
    quoted = _SPECIAL.sub(lambda match: "\\" + match[0], clean(text))
    quoted = _ADDRESS.sub(r"\1\\\2", quoted)
    return _LEADING.sub(r"\1\\\2\3", quoted)


def code(text: str) -> str:
    """`text` as code, between more backticks than it contains."""
    cleaned = clean(text)
    longest = max((len(run) for run in re.findall(r"`+", cleaned)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{cleaned}{space}{fence}"


def _section(section: Section, level: int, picture: Picture) -> Iterator[str]:
    yield from _anchor(section.slug)
    yield from (f"{'#' * level} {escape(section.title)}", "")
    for block in section.blocks:
        yield from _block(block, picture)
    for part in section.parts:
        yield from _section(part, level + 1, picture)


def _block(block: Block, picture: Picture) -> Iterator[str]:
    if isinstance(block, Text):
        yield from (_text(block), "")
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Figure):
        yield from _figure(block, picture)
    else:
        yield from _fold(block, picture)


def _text(text: Text) -> str:
    command = f" {code(text.command)}" if text.command else ""
    return f"{_SIGNS[text.kind]}{escape(text.text)}{command}"


def _fold(fold: Fold, picture: Picture) -> Iterator[str]:
    yield from (f"**{escape(fold.title)}**", "")
    for block in fold.blocks:
        yield from _block(block, picture)


def _figure(figure: Figure, picture: Picture) -> Iterator[str]:
    path = picture(figure)
    yield from _anchor(figure.slug)
    yield from (f"**{escape(figure.title)}** ({escape(figure.paper)})", "")
    if path is not None:
        yield from (f"![{escape(figure.title)}]({path})", "")
    yield from (escape(figure.caption), "")
    if path is not None and figure.summary is None:
        yield from ("<details><summary>Numbers</summary>", "")
    for table in numbers.brief(figure):
        yield from _table(table)
    if path is not None and figure.summary is None:
        yield from ("</details>", "")
    if figure.query:
        yield from (f"All numbers: {code(figure.query)}", "")


def _table(table: Table) -> Iterator[str]:
    yield from _anchor(table.slug)
    if table.title:
        yield from (f"**{escape(table.title)}**", "")
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    header = [escape(name) for name in _header(table)]
    widths = [max(cell_len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    yield _row(header, widths, table.labels)
    marks = [
        ("-" * max(width, 3)) if i < table.labels else "-" * max(width - 1, 2) + ":" for i, width in enumerate(widths)
    ]
    yield f"| {' | '.join(marks)} |"
    for row in rows:
        yield _row(row, widths, table.labels)
    yield ""
    if table.caption:
        yield from (escape(table.caption), "")
    if table.query:
        yield from (f"All numbers: {code(table.query)}", "")


def _header(table: Table) -> tuple[str, ...]:
    """Titles of the columns, after the titles that span several columns."""
    if not table.groups:
        return table.header
    spanned = [title for title, count in table.groups for _ in range(count)]
    return tuple(f"{title}, {name}" if title else name for title, name in zip(spanned, table.header, strict=True))


def _cell(cell: Cell) -> str:
    text = escape(cell.text.strip())
    if not text:
        return ""
    words = f"**{text}**" if cell.strong else f"*{text}*" if cell.aside else text
    return f"[{words}](#{cell.link})" if cell.link else words


def _row(cells: list[str], widths: list[int], labels: int) -> str:
    padded = (
        f"{cell}{' ' * (max(width, 3) - cell_len(cell))}"
        if i < labels
        else f"{' ' * (max(width, 3) - cell_len(cell))}{cell}"
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(padded)} |"
