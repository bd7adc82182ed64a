"""A few examples of a run: prompt, answer and prediction, right and wrong."""

from neurontui.queries.results import Results
from neurontui.tui.common.sanitize import clean
from neurontui.tui.common.significant import NONE
from neurontui.tui.report.missing import empty
from neurontui.tui.report.model import Block, Cell, Table
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells

LANGUAGES = 3
"""At most so many languages of an example."""
LONGEST = 240
"""Longer texts are cut in the middle: a question is often at the end of its prompt."""
_CHOICES = (
    ("right", 1, "the first example that is right in every language"),
    ("wrong", 2, "the first examples that are wrong in at least one language, wrong languages first"),
    ("any", 3, "the first examples"),
)
"""Value of the query's parameter `answered`, number of examples, and what they are; the last where none is judged."""
_MARKS = {True: "✓ right", False: "✗ wrong", None: "not judged"}


def prompts(results: Results, run: Run) -> Block:
    """One example with only right answers and two with a wrong one; of a task without answers the first three."""
    chosen = _chosen(results, run)
    if not chosen:
        return empty(run, "examples-search")
    body = tuple(line for rows in chosen.values() for row in rows for line in _rows(results, run, row["example"]))
    words = "; ".join(chosen)
    return Table(
        "",
        ("example", "language", "prompt", "answer", "prediction", "result"),
        body,
        labels=6,
        caption=f"{words[0].upper()}{words[1:]}. At most {LANGUAGES} languages of each. Texts of more than {LONGEST} "
        "characters are cut in the middle.",
        query=run.command("examples-search"),
    )


def _chosen(results: Results, run: Run) -> dict[str, list[Row]]:
    """Rows of examples by what they are."""
    choices = {words: _search(results, run, answered, n) for answered, n, words in _CHOICES}
    filled = {words: rows for words, rows in choices.items() if rows}
    return {words: rows for words, rows in filled.items() if words != _CHOICES[-1][2] or len(filled) == 1}


def _search(results: Results, run: Run, answered: str, n: int) -> list[Row]:
    rows: list[Row] = results.query("examples-search", run=run.number, answered=answered, limit=n).to_pylist()
    return rows


def _rows(results: Results, run: Run, example: int) -> list[tuple[Cell, ...]]:
    rows = results.query("example-prompts", run=run.number, example=example).to_pylist()
    wrong_first = sorted(rows, key=lambda row: row["correct"] is not False)
    return [
        cells(
            str(example), row["language"], _cut(row["prompt"]), _cut(row["answer"]) or NONE,
            _cut(row["prediction"]) or NONE, _MARKS[row["correct"]],
        )
        for row in wrong_first[:LANGUAGES]
    ]  # fmt: skip


def _cut(text: str | None) -> str:
    text = text or ""
    whole = text if len(text) <= LONGEST else f"{text[: LONGEST // 3]} … {text[-2 * LONGEST // 3 :]}"
    return clean(whole)
