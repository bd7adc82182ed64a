"""Figure 6: neurons that stay inactive at every token of an input."""

from neurontui.queries.results import Results
from neurontui.tui.report.missing import missing
from neurontui.tui.report.model import Block, Cell, Figure, Line, Lines, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import by, cells, language_lines, line, percent

AMONG = {
    "non-activated": "of the non-activated",
    "inactive": "of those inactive at the last token",
    "all": "of all neurons",
}
EVERY = "every language"


def inactive(results: Results, run: Run) -> Block:
    """Figure 6 in three readings, one panel each: a line a language, and one for all languages at once."""
    query = "inactive-across-tokens"
    rows = results.query(query, run=run.number).to_pylist()
    if not rows:
        return missing(run, "tokens")
    found = by(rows, "among")
    panels = tuple(
        Lines(title, _lines(found[among], run), run.layer_title, "%", run.breaks, zero=False)
        for among, title in AMONG.items()
        if among in found
    )
    overall = results.query(query, run=run.number, by_layer=False).to_pylist()
    return Figure(
        f"{run.anchor}-inactive",
        "Neurons inactive at every token of an input",
        "Figure 6",
        "Share of neurons that are inactive at every token of the prompt in a language; thick: in every language at once. "
        "Non-activated neurons are inactive at the last token in every language. Bands: 95 % intervals.",
        panels,
        run.command(query),
        columns=3,
        summary=_table(overall, run),
    )


def _lines(rows: list[Row], run: Run) -> tuple[Line, ...]:
    one = [row for row in rows if row["language"] is not None]
    every = [row for row in rows if row["language"] is None]
    lines = language_lines(one, "language", "layer", run.languages)
    return (*lines, line(EVERY, "all", "text", every, "layer", "ratio")) if every else lines


def _table(rows: list[Row], run: Run) -> Table:
    at = {(row["language"], row["among"]): percent(row) for row in rows}
    body = [cells(code, *(at.get((code, among), "–") for among in AMONG)) for code in run.languages]
    body.append(tuple(Cell(at.get((None, among), "–")) for among in AMONG))
    body[-1] = (Cell(EVERY), *body[-1])
    header = ("language", *(f"{words}, %" for words in AMONG.values()))
    return Table("Over all layers", header, tuple(body))
