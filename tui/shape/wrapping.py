"""Text in lines by the cells it takes."""

import textwrap

from rich.cells import cell_len

from neurontui.tui.clean import clean_lines


def wrapped(text: object, width: int) -> list[str]:
    """Text in lines of at most `width` cells; scripts without spaces are cut anywhere."""
    out: list[str] = []
    for paragraph in clean_lines(text).splitlines() or [""]:
        for line in textwrap.wrap(paragraph, width) or [""]:
            while cell_len(line) > width:
                kept = next(i for i in range(len(line), 0, -1) if cell_len(line[:i]) <= width)
                out.append(line[:kept])
                line = line[kept:]
            out.append(line)
    return out
