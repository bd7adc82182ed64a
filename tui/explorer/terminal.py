"""Opens the explorer: begins its first query, and makes it draw on the terminal even if stderr is a file (`2>log`)."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from neurontui.store.errors import UsageError
from neurontui.tui.explorer.gc_tuning import seldom_collected
from neurontui.tui.explorer.head_start import begin_claims
from neurontui.tui.explorer.live.options import LiveOptions
from neurontui.tui.explorer.session import Session, open_files

TERMINAL = "/dev/tty"
FRAMES = "120"
"""Frames a second. A redraw has two or three stages, each of which waits for a frame; Textual's default is 60."""


def open_explorer(
    paths: Sequence[Path], queries_dir: Path | None = None, *, live: bool = False, model: str | None = None
) -> None:
    """Explore results files until the user quits. Raises NeurontuiError if one cannot be read or shown.

    live: with a live prompt, for `model` instead of the model of the run.
    """
    with seldom_collected(), drawn_on_the_terminal():
        session = Session(open_files(paths, queries_dir), paths, queries_dir, LiveOptions(model) if live else None)
        try:
            begin_claims(session)
            os.environ.setdefault("TEXTUAL_FPS", FRAMES)  # read when Textual is imported
            from neurontui.tui.explorer.app import explore  # takes 0.3 s, while the query runs

            explore(session)
        finally:
            session.query_runner.close()


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
