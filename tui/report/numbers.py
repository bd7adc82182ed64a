"""The numbers of a figure as tables: what stands in its place where nothing can be drawn."""

from neurontui.tui.report.model import Bars, Cell, Dots, Figure, Heat, Panel, Table
from neurontui.tui.report.shape import cells, decimals, line_table, with_interval


def tables(figure: Figure) -> tuple[Table, ...]:
    """One table a panel."""
    return tuple(_table(panel) for panel in figure.panels)


def brief(figure: Figure) -> tuple[Table, ...]:
    """The summary where there is one, else one table a panel."""
    return (figure.summary,) if figure.summary else tables(figure)


def _table(panel: Panel) -> Table:
    if isinstance(panel, Bars):
        return _bars(panel)
    if isinstance(panel, Dots):
        rows = tuple(cells(dot.label, with_interval(dot.value, dot.low, dot.high)) for dot in panel.dots)
        return Table(panel.title, ("condition", f"change, {panel.x_title}"), rows)
    if isinstance(panel, Heat):
        return _heat(panel)
    return line_table(
        panel.lines,
        panel.x_title,
        " · ".join(part for part in (panel.title, panel.y_title) if part),
    )


def _bars(panel: Bars) -> Table:
    rows = tuple(
        cells(
            group,
            *(with_interval(bar.value, bar.low, bar.high) for bar in (series[g] for series in panel.bars)),
        )
        for g, group in enumerate(panel.groups)
    )
    return Table(panel.title, (panel.y_title, *panel.series), rows)


def _heat(panel: Heat) -> Table:
    rows = tuple(
        (Cell(name), *(Cell(decimals(value)) for value in values))
        for name, values in zip(panel.rows, panel.values, strict=True)
    )
    return Table(panel.title, (f"{panel.row_title} ↓ {panel.column_title} →", *panel.columns), rows)
