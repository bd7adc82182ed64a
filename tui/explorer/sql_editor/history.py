"""Statements that were run, saved between sessions."""

import json
from contextlib import suppress

from neurontui.tui.explorer.selection import state_path

SAVED = 500
"""Number of saved statements."""


class History:
    """Moves through earlier statements; the unfinished statement is the last entry."""

    def __init__(self) -> None:
        self._path = state_path().with_name("history.json")
        self._past = self._read()
        self._place = len(self._past)
        self._draft = ""

    def older(self, current: str) -> str | None:
        """The previous statement; None at the start."""
        if self._place == 0:
            return None
        if self._place == len(self._past):
            self._draft = current
        self._place -= 1
        return self._past[self._place]

    def newer(self) -> str | None:
        """The next statement, finally the unfinished one; None at the end."""
        if self._place >= len(self._past):
            return None
        self._place += 1
        return self._past[self._place] if self._place < len(self._past) else self._draft

    def add(self, statement: str) -> None:
        """Save a statement. If the folder cannot be written, it is kept for this session only."""
        if statement in self._past:
            self._past.remove(statement)
        self._past = [*self._past, statement][-SAVED:]
        self._place = len(self._past)
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._past, ensure_ascii=True), encoding="utf-8")

    def _read(self) -> list[str]:
        try:
            statements = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [text for text in statements if isinstance(text, str)] if isinstance(statements, list) else []
