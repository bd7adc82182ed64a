"""What a run lacks, and how to get it: one sentence in the place of a figure."""

from neurontui.tui.report.model import Text
from neurontui.tui.report.run import Run

_EFFECTS = (
    "There are no effective scores in this run: they need answers in the task, and a stack that writes to the "
    "residual stream which the output embedding reads. Its notes say more:"
)


def missing(run: Run, measure: str) -> Text:
    """The sentence for a measure that the run does not have."""
    if measure == "effects" and "attribution" in run.measures:
        return Text(_EFFECTS, "missing", run.command("notes"))
    if measure in ("attribution", "effects"):
        return _measure("No contribution or effective scores were measured in this run", run, "attribution")
    if measure == "ablation":
        return _measure("No neurons were switched off in this run", run, "ablation")
    if measure == "tokens":
        sentence = (
            "Activity at tokens other than the last was not measured in this run; measure it, without "
            "--last-token-only, by"
        )
        return Text(sentence, "missing", run.again())
    return Text(
        "The run has no type ratios, which every run measures; see",
        "missing",
        f"neurontui info {run.file}",
    )


def _measure(sentence: str, run: Run, measure: str) -> Text:
    return Text(f"{sentence}; do so by", "missing", f"{run.again()} --measures types,{measure}")


def too_few_languages(run: Run, needed: int) -> Text:
    """The sentence for a figure that needs more languages than the run has."""
    has = "1 language" if len(run.languages) == 1 else f"{len(run.languages)} languages"
    sentence = f"This needs at least {needed} languages and the run has {has}; measure more by"
    return Text(sentence, "missing", f"{run.again()} --languages en,de,zh")


def empty(run: Run, query: str) -> Text:
    """The sentence where a query has no rows, though what it reads was measured."""
    return Text("There is nothing to show here; the rows would come from", "missing", run.command(query))
