"""The paper's table that is shown beside a run: that of its own model and task, or another one if asked for."""

from typing import Any

import pyarrow as pa

from neurontui.tui.explorer.run_catalog import RunInfo

Rows = list[dict[str, Any]]


class PublishedTable:
    """What the key for the paper's numbers has chosen."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}
        """Run -> place of the chosen table; beyond the last one, none."""

    def rows(self, table: pa.Table | None, run: RunInfo | None) -> Rows:
        """The rows of the chosen table; by default, only of the run's own model, without demonstrations."""
        if table is None or run is None:
            return []
        names, place = _names(table), self._place(table, run)
        return [row for row in table.to_pylist() if place < len(names) and _name(row) == names[place]]

    def next(self, table: pa.Table | None, run: RunInfo | None) -> None:
        """The next of the paper's tables for the task, then none."""
        if table is not None and run is not None:
            self._asked[run.key] = (self._place(table, run) + 1) % (len(_names(table)) + 1)

    def heading(self, table: pa.Table | None, run: RunInfo | None) -> str:
        """Source and model of the shown rows, or that there are some that can be shown."""
        rows = self.rows(table, run)
        if not rows:
            return "   p: the paper's numbers" if table is not None and table.num_rows else ""
        other = (
            "" if _fits(rows[0], run) else ", not this run's model" if not rows[0]["same_model"] else ", other prompts"
        )
        return f"   {rows[0]['source']}: {str(rows[0]['model']).rpartition('/')[2]}{other}"

    def _place(self, table: pa.Table, run: RunInfo) -> int:
        names = _names(table)
        own = any(_fits(row, run) for row in table.to_pylist())
        return self._asked.get(run.key, 0 if own else len(names))


def _names(table: pa.Table) -> list[tuple[str, str]]:
    """The paper's tables for the task, those of the run's own model first."""
    rows = sorted(table.to_pylist(), key=lambda row: (not row["same_model"], row["source"]))
    return list(dict.fromkeys(_name(row) for row in rows))


def _name(row: dict[str, Any]) -> tuple[str, str]:
    return row["source"], row["model"]


def _fits(row: dict[str, Any], run: RunInfo | None) -> bool:
    """Whether the numbers are of the run's model and of prompts like its own, which have no demonstrations."""
    return bool(row["same_model"]) and run is not None and not run.get("n_shots", 0)
