"""From the rows of a query to the cells of a report's tables."""

from collections.abc import Iterable

import pyarrow as pa

from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.model import Chart, Series
from neurontui.tui.common.significant import NONE, with_interval
from neurontui.tui.report.model import Cell, Table
from neurontui.tui.report.run import Row


def by(rows: Iterable[Row], group: str) -> dict[str, list[Row]]:
    """Rows by the value of a column."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[group], []).append(row)
    return groups


def parts(table: pa.Table, column: str) -> dict[str, pa.Table]:
    """The rows of a table by the value of a column, in the order in which these come."""
    values = table.column(column).to_pylist()
    return {part: table.filter(pa.array([value == part for value in values])) for part in dict.fromkeys(values)}


def percent(row: Row, value: str = "ratio", low: str = "low", high: str = "high") -> str:
    """A share and half its interval to two decimals, as the paper gives shares."""
    return with_interval(number(row[value]), number(row[low]), number(row[high]), 2)


def cells(*texts: str, aside: bool = False) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(Cell(text, aside=aside) for text in texts)


def chart_table(chart: Chart) -> Table:
    """The numbers of a chart: a row a position."""
    rows = [
        cells(f"{x:g}", *(_at(series, index) for series in chart.series))
        for index, x in enumerate(chart.xs)
        if not chart.joined or any(series.values[index] is not None for series in chart.series)
    ]
    title = " · ".join(part for part in (chart.title, chart.y_title or chart.unit) if part)
    return Table(title, (chart.x_title, *(_name(series, chart) for series in chart.series)), tuple(rows))


def _name(series: Series, chart: Chart) -> str:
    if not series.reference:
        return series.full_name
    return series.legend or f"{series.full_name}, {chart.grey}"


def _at(series: Series, index: int) -> str:
    if index >= len(series.values):
        return NONE
    low, high = (ends[index] if ends else None for ends in (series.low, series.high))
    return with_interval(series.values[index], low, high)
