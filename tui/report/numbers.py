"""The numbers of a figure as tables: what a report without pictures shows in its place."""

from itertools import groupby

from neurontui.tui.charts.model import Bar, Bars, Chart, Dots, Matrix, Panel
from neurontui.tui.common.significant import decimals, figures, with_interval
from neurontui.tui.report.model import Cell, Figure, Table
from neurontui.tui.report.shape import cells, chart_table


def tables(figure: Figure) -> tuple[Table, ...]:
    """One table a panel."""
    return tuple(_table(panel) for panel in figure.panels)


def brief(figure: Figure) -> tuple[Table, ...]:
    """The summary where there is one, else one table a panel."""
    return (figure.summary,) if figure.summary else tables(figure)


def _table(panel: Panel) -> Table:
    if isinstance(panel, Chart):
        return chart_table(panel)
    if isinstance(panel, Bars):
        return _bars(panel)
    if isinstance(panel, Dots):
        rows = tuple(cells(dot.label, with_interval(dot.value, dot.low, dot.high)) for dot in panel.dots)
        return Table(panel.title, ("condition", f"change, {panel.unit}"), rows)
    return _matrix(panel)


def _bars(panel: Bars) -> Table:
    groups = [list(group) for _, group in groupby(panel.bars, lambda bar: bar.group or bar.name)]
    rows = tuple(cells(group[0].group or group[0].name, *(_value(bar) for bar in group)) for group in groups)
    names = [bar.name if bar.group else "value" for bar in groups[0]] if groups else []
    return Table(panel.title, (panel.y_title or panel.unit, *names), rows)


def _value(bar: Bar) -> str:
    return with_interval(bar.value, bar.low, bar.high)


def _matrix(panel: Matrix) -> Table:
    rows = tuple(
        (Cell(name), *(Cell(decimals(value) if panel.unit == "%" else figures(value)) for value in values))
        for name, values in zip(panel.rows, panel.values, strict=True)
    )
    return Table(panel.title, (f"{panel.row_title} ↓ {panel.column_title} →", *panel.columns), rows)
