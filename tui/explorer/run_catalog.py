"""The runs of the open files, with what every screen needs to know about its run."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from neurontui.queries.values import Run


@dataclass(frozen=True)
class RunInfo:
    """One run of the open files."""

    number: int
    key: str
    name: str
    file: str
    languages: tuple[str, ...]
    thresholds: tuple[float, ...]
    warnings: int = 0
    """Number of warnings about the run's inputs."""
    details: tuple[tuple[str, Any], ...] = ()
    """The row of the query `runs`."""

    def get(self, column: str, default: Any = None) -> Any:
        """A column of the query `runs`."""
        return dict(self.details).get(column, default)

    @property
    def is_corpus(self) -> bool:
        """Whether the run read a corpus, which has activity by language but no examples."""
        return bool(self.get("task") == "corpus")

    @property
    def threshold(self) -> float:
        """The run's main activation threshold."""
        return self.thresholds[0] if self.thresholds else 0.0


def catalog(table: pa.Table, known: tuple[Run, ...], warnings: pa.Table) -> tuple[RunInfo, ...]:
    """Runs from the results of the queries `runs` and `warnings`, with full keys and thresholds.

    If two files contain the same run, the key of the later one also includes its file.
    """
    rows = {row["run"]: row for row in table.to_pylist()}
    warned = Counter(warnings.column("run").to_pylist())
    infos: dict[str, RunInfo] = {}
    for run in known:
        info = _info(run, rows.get(run.number, {}))
        key = info.key if info.key not in infos else f"{info.key}@{info.file}"
        infos[key] = replace(info, key=key, warnings=warned[run.number])
    return tuple(infos.values())


def _info(run: Run, row: dict[str, Any]) -> RunInfo:
    details = tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in row.items())
    thresholds = (run.thresholds[0], *sorted(run.thresholds[1:])) if run.thresholds else ()
    return RunInfo(
        run.number,
        run.key,
        run.name,
        str(row.get("file", "")),
        run.languages,
        thresholds,
        details=details,
    )


def find(runs: tuple[RunInfo, ...], key: str) -> RunInfo | None:
    """The run with this key; None if there is none."""
    return next((run for run in runs if run.key == key), None)
