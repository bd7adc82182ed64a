"""Remove control characters from text before it is displayed. All text from a results file passes through here.

Terminals execute escape sequences and C1 controls and reorder text at bidirectional controls; Textual does not
remove them. C0 controls are replaced by their Unicode pictures, so that they remain visible.
"""

from rich.cells import cell_len, set_cell_size

_PICTURES = {code: 0x2400 + code for code in range(0x20)}
_C1 = dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_UNSEEN = dict.fromkeys([0x00AD, 0x200B, 0x2060, 0xFEFF, *range(0xE0000, 0xE0080)])
_SPACES = dict.fromkeys([0x2028, 0x2029], 0x20)

_TABLE: dict[int, int | None] = {
    **_PICTURES,
    0x7F: 0x2421,
    **_C1,
    **_SURROGATES,
    **_BIDI,
    **_UNSEEN,
    **_SPACES,
}
_LINES_TABLE: dict[int, int | None] = {**_TABLE, 0x09: 0x20, 0x0A: 0x0A, 0x0D: None}

LIMIT = 20_000
"""Characters to keep of one text, so that a name of ten megabytes does not slow down a redraw."""


def clean(text: object) -> str:
    """`text` on one line without control characters; None becomes the empty string."""
    return "" if text is None else str(text)[:LIMIT].translate(_TABLE)


def clean_lines(text: object) -> str:
    """As `clean`, but with line breaks, and a space for a tab; for panes that wrap text."""
    return "" if text is None else str(text)[:LIMIT].translate(_LINES_TABLE)


def fit(text: object, cells: int, align: str = "left") -> str:
    """`text`, cleaned, in exactly `cells` terminal cells; cut text ends in an ellipsis.

    A Chinese character takes two cells and a Thai vowel sign none, so counting characters is not enough.
    """
    line = shorten(text, cells)
    gap = " " * (cells - cell_len(line))
    return line + gap if align == "left" else gap + line


def shorten(text: object, cells: int) -> str:
    """`text`, cleaned, in at most `cells` terminal cells; only the beginning of a long text is read."""
    line = clean("" if text is None else str(text)[: 4 * cells + 64])
    if cell_len(line) <= cells:
        return line
    if not line.strip():
        return line[:cells]
    return set_cell_size(line, cells - 1).rstrip() + "…" if cells > 0 else ""
