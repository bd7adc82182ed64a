"""How well sharing and types repeat: between halves of a run's examples, and between runs of one model."""

from collections.abc import Sequence
from itertools import combinations

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.palette import TYPES
from neurontui.tui.common.significant import decimals, figures
from neurontui.tui.report.model import Block, Cell, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells

PAIRS = 30
"""At most so many pairs of runs are compared."""
_NAMES = {"shared": "sharing matrix", "phi": "φ", "lift": "lift", "jaccard": "Jaccard"}


def of_halves(results: Results, run: Run) -> Block | None:
    """Measures by their agreement between halves of the examples; None without halves."""
    rows = [row for row in _rows(results, run).values() if number(row["spearman"]) is not None]
    body = tuple(
        cells(
            _NAMES.get(str(row["measure"]), str(row["measure"])), f"{row['n']} {row['over']}",
            decimals(number(row["spearman"]), 3), decimals(number(row["spearman_brown"]), 3),
            figures(number(row["difference"])),
        )
        for row in rows
    )  # fmt: skip
    if not body:
        return None
    return Table(
        "Do halves of the examples agree?",
        ("measure", "over", "ρ of the halves", "reliability", "mean difference"),
        body,
        caption="Examples of even and of odd folds; clusters are not split. ρ: Spearman’s correlation. Reliability of "
        "all examples together: Spearman–Brown, from Pearson’s r. Mean difference of the halves, absolute: %; of φ and "
        "lift, their own unit.",
        query=run.command("sharing-reliability"),
        slug=f"{run.anchor}-agreement",
    )


def of_runs(results: Results, runs: Sequence[Run]) -> list[Block]:
    """Pairs of runs of one model, such as with another prompt template; empty without such pairs."""
    pairs = [(a, b) for a, b in combinations(runs, 2) if a.model == b.model and _common(a, b) > 2][:PAIRS]
    if not pairs:
        return []
    halves = {run: _rows(results, run) for pair in pairs for run in pair}
    table = Table(
        "Does sharing belong to the model or to the task?",
        ("runs", "other", "languages", "ρ of φ", "halves", *(f"ρ of {name}" for name in TYPES)),
        tuple(_compared(results, first, second, halves) for first, second in pairs),
        labels=2,
        caption="Spearman’s correlation between two runs of one model, over the languages that both have: of φ over "
        "pairs of languages, and of each type’s ratio over layers. Halves: ρ of φ between halves of the examples, of "
        "each of the two runs. If halves agree and runs do not, sharing depends on the task or its template.",
        query=pairs[0][0].command("sharing-reliability", f"other={pairs[0][1].argument}"),
    )
    return [table]


def _compared(results: Results, first: Run, second: Run, halves: dict[Run, dict[str, Row]]) -> tuple[Cell, ...]:
    rows = _rows(results, first, other=second.number)
    return cells(
        f"{first.number}  {first.name}", f"{second.number}  {second.name}", str(_common(first, second)),
        _rho(rows, "phi"), f"{_rho(halves[first], 'phi')} / {_rho(halves[second], 'phi')}",
        *(_rho(rows, name) for name in TYPES),
    )  # fmt: skip


def _common(first: Run, second: Run) -> int:
    return len(set(first.languages) & set(second.languages))


def _rows(results: Results, run: Run, **other: int) -> dict[str, Row]:
    rows = results.query("sharing-reliability", run=run.number, **other).to_pylist()
    return {row["measure"]: row for row in rows}


def _rho(rows: dict[str, Row], measure: str) -> str:
    return decimals(number(rows[measure]["spearman"]) if measure in rows else None, 2)
