"""Statements that were run, kept between sessions beside the selection."""

import json
from contextlib import suppress

from neurontui.tui.explorer.selection import state_path

KEPT = 500


class History:
    """Goes back and forth through the statements; what was being written waits at the end."""

    def __init__(self) -> None:
        self._path = state_path().with_name("history.json")
        self._past = self._read()
        self._place = len(self._past)
        self._draft = ""

    def older(self, present: str) -> str | None:
        """The statement before, or None at the beginning."""
        if self._place == 0:
            return None
        if self._place == len(self._past):
            self._draft = present
        self._place -= 1
        return self._past[self._place]

    def newer(self) -> str | None:
        """The statement after, at last what was being written; None at the end."""
        if self._place >= len(self._past):
            return None
        self._place += 1
        return self._past[self._place] if self._place < len(self._past) else self._draft

    def add(self, statement: str) -> None:
        """Remember a statement. A folder that cannot be written keeps it for this session only."""
        if statement in self._past:
            self._past.remove(statement)
        self._past = [*self._past, statement][-KEPT:]
        self._place = len(self._past)
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self._past, ensure_ascii=True), encoding="utf-8")

    def _read(self) -> list[str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
