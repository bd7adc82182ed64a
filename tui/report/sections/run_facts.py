"""What a run is: its facts, notes, health, languages, settings and versions."""

from collections.abc import Sequence

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.common.significant import NONE, decimals, figures
from neurontui.tui.common.token_words import token_words
from neurontui.tui.report.model import Block, Fold, Table, Text
from neurontui.tui.report.run import Row, Run
from neurontui.tui.report.shape import cells


def facts(row: Row) -> Table:
    """The row of `runs`, as words."""
    pairs = (
        ("model", row["model"]),
        ("revision", row["revision"] or "a local folder, or not recorded"),
        (
            "architecture",
            f"{row['architecture']}, {row['n_layers']:,} FFN layers, {row['n_neurons']:,} neurons",
        ),
        ("task", " · ".join(part for part in (row["task"], row["setting"]) if part)),
        ("demonstrations", f"{row['n_shots']} in front of each prompt"),
        ("languages", f"{row['n_languages']}: {' '.join(row['languages'])}"),
        *(
            (("tokens", f"{row['tokens']:,}"),)
            if row["task"] == "corpus"
            else (
                ("examples", f"{row['n_examples']:,}; {row['tokens']:,} prompt tokens"),
                ("accuracy", _accuracy(row)),
            )
        ),
        ("active where", f"activation > {row['threshold']:g} at {token_words(row['token'])} token"),
        ("computed", f"in {row['dtype']} on {row['device']}, {figures(number(row['seconds']))} s"),
        ("started", f"{row['started']:%Y-%m-%d %H:%M} UTC" if row["started"] else NONE),
        ("key", row["key"]),
    )
    return Table("", ("run", str(row["run"])), tuple(cells(*pair) for pair in pairs), labels=2)


def _accuracy(row: Row) -> str:
    """Accuracy, and how often the expected answer is the most likely candidate."""
    if number(row["accuracy"]) is None:
        return "not judged"
    right = f"{decimals(number(row['accuracy']))} %"
    if number(row["first"]) is None:
        return right
    first, chance = (decimals(number(row[name])) for name in ("first", "first_chance"))
    return f"{right}; the expected answer is the most likely candidate in {first} % of prompts, by chance in {chance} %"


def overview(rows: Sequence[Row]) -> Table:
    """A row a run."""
    body = tuple(
        cells(
            str(row["run"]), row["name"], row["model"],
            " ".join(part for part in (row["task"], row["setting"]) if part),
            f"{row['n_languages']}", f"{row['n_examples']:,}", f"{row['n_layers']:,}", f"{row['n_neurons']:,}",
            *(decimals(number(row[name])) for name in ("accuracy", "first", "first_chance")),
        )
        for row in rows
    )  # fmt: skip
    header = (
        "run",
        "name",
        "model",
        "task",
        "languages",
        "examples",
        "layers",
        "neurons",
        "accuracy, %",
        "rank 1, %",
        "by chance, %",
    )
    return Table("Runs", header, body, labels=4)


def notes(results: Results, run: Run) -> tuple[Block, ...]:
    """Warnings about what the model read, the checks that the run fails, and its other notes."""
    rows = results.query("notes", run=run.number).to_pylist()
    warned = tuple(cells(row["text"]) for row in rows if row["topic"] == "prompts")
    other = tuple(cells(row["topic"], row["text"]) for row in rows if row["topic"] != "prompts")
    warnings = Table("Warnings", ("what the model read",), warned, labels=1, width="words")
    failed = [
        Text(f"{row['check']}: {row['finding']}", "bad")
        for row in results.query("health", run=run.number).to_pylist()
        if row["passed"] is False
    ]
    return (
        *((warnings,) if warned else ()),
        *failed,
        *((Table("Notes", ("about", "note"), other, labels=2, width="words"),) if other else ()),
    )


def languages(results: Results, run: Run) -> Table:
    """The languages, how the model does in them, and where activations were read."""
    rows = results.query("run-languages", run=run.number).to_pylist()
    body = tuple(
        cells(
            row["language"], row["name"] or NONE, row["family"] or NONE, row["script"] or NONE,
            decimals(number(row["tokens"])),
            *(decimals(number(row[name])) for name in ("accuracy", "first", "first_chance")),
            f"{row['last_token'] or ''}",
            decimals(number(row["last_token_share"]), 0),
        )
        for row in rows
    )  # fmt: skip
    return Table(
        "Languages",
        (
            "language",
            "name",
            "family",
            "script",
            "tokens a prompt",
            "accuracy, %",
            "rank 1, %",
            "by chance, %",
            "read at",
            "of prompts, %",
        ),
        body,
        labels=4,
        caption="Activations are read at the token shown. Where languages are read at the same token in one task and "
        "not in another, sharing differs for that reason alone.",
        query=run.command("run-languages"),
    )


def settings(results: Results, run: Run) -> Fold:
    """Every choice of the run and the versions of what made it."""
    rows = results.query("run-settings", run=run.number).to_pylist()
    body = tuple(cells(row["part"], row["name"], row["value"] or NONE) for row in rows)
    table = Table("", ("", "name", "value"), body, labels=3, query=run.command("run-settings"))
    return Fold("Settings and versions", (table,))
