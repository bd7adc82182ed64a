"""Figure 6: neurons that stay inactive at every token of an input."""

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.types import inactive_by_language
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Cell, Figure, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells, percent

AMONG = {
    "non-activated": "of the non-activated",
    "inactive": "of those inactive at the last token",
    "all": "of all neurons",
}
EVERY = "every language"


def inactive(results: Results, run: Run) -> Block:
    """Figure 6 in three readings, one panel each: a line a language, and one for all languages together."""
    query = "inactive-across-tokens"
    table = results.query(query, run=run.number)
    if not table.num_rows:
        return missing(run, "tokens")
    charts = {among: inactive_by_language(table, run.layers, run.languages, among) for among in AMONG}
    panels = tuple(run.panel(charts[among], title) for among, title in AMONG.items() if charts[among].series)
    overall = results.query(query, run=run.number, by_layer=False).to_pylist()
    return Figure(
        f"{run.anchor}-inactive",
        "Neurons inactive at every token of an input",
        "Figure 6",
        "Share of neurons that are inactive at every token of the prompt in a language; thick: in every language "
        "at once. "
        "Non-activated neurons are inactive at the last token in every language. Bands: 95 % intervals.",
        panels,
        run.command(query),
        columns=3,
        summary=_table(overall, run),
    )


def _table(rows: list[Row], run: Run) -> Table:
    at = {(row["language"], row["among"]): percent(row) for row in rows}
    body = [cells(code, *(at.get((code, among), "–") for among in AMONG)) for code in run.languages]
    body.append(tuple(Cell(at.get((None, among), "–")) for among in AMONG))
    body[-1] = (Cell(EVERY), *body[-1])
    header = ("language", *(f"{words}, %" for words in AMONG.values()))
    return Table("Over all layers", header, tuple(body))
