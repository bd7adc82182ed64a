"""Makes the explorer draw on the terminal even if stderr is redirected to a file (`2>log`)."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neurontui.store.errors import UsageError
from neurontui.tui.explorer.gc_tuning import seldom_collected

TERMINAL = "/dev/tty"


def open_explorer(paths: Sequence[Path], queries_dir: Path | None = None) -> None:
    """Explore results files until the user quits. Raises NeurontuiError if one cannot be read or shown."""
    with seldom_collected(), drawn_on_the_terminal():
        from neurontui.tui.explorer.app import explore

        explore(paths, queries_dir)


@contextmanager
def drawn_on_the_terminal() -> Iterator[None]:
    """Textual draws on stderr. If that is redirected, the terminal would stay blank and the file fill with escapes."""
    if sys.stderr.isatty():
        yield
        return
    try:
        terminal = Path(TERMINAL).open("w", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError:
        raise UsageError("the explorer draws on the terminal through stderr; do not redirect that") from None
    before = sys.__stderr__
    with terminal:
        sys.__stderr__ = terminal  # type: ignore[misc]
        try:
            yield
        finally:
            sys.__stderr__ = before  # type: ignore[misc]
