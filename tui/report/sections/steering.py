"""Steering: languages of the outputs and answers kept by strength, beside controls, a prompt and the baseline."""

from dataclasses import replace

import pyarrow as pa

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.steering import (
    Way,
    steering_chart,
    steering_sizes,
    undetermined_line,
    ways,
)
from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.spans import Spans
from neurontui.tui.report.model import Block, Figure
from neurontui.tui.report.run import Run

_PANELS = {
    "switched": "language of the outputs",
    "change": "answers",
    "logprob": "log-probability of the answer",
}
"""Titles of the panels, by the outcome that they show."""


def steering(results: Results, run: Run) -> tuple[Block, ...]:
    """A figure for each language steered to, rule of the set and kind of value."""
    if "steered" not in run.measures:
        return ()
    table = results.query("steering", run=run.number)
    return tuple(_figure(run, table, way, place) for place, way in enumerate(ways(table)))


def _figure(run: Run, table: pa.Table, way: Way, place: int) -> Block:
    toward, rule, kind = way
    charts = ((title, steering_chart(table, way, outcome)) for outcome, title in _PANELS.items())
    panels = tuple(_panel(chart, title) for title, chart in charts if chart.has_values)
    return Figure(
        f"{run.anchor}-steering-{place}",
        f"Steering to {toward}: neurons selected by {rule}, {kind}",
        "beyond the paper",
        "By strength, over inputs in other languages. Language of the outputs: solid, % of outputs in the language "
        "steered to; dashed, % of answers that are right. The other panels: change from the baseline. "
        "Control: as many similar neurons; random: as many neurons at random; prompt: no neuron is changed, a sentence "
        f"before the prompt asks for the language. {_words(steering_sizes(table, way))}; "
        f"{_words(undetermined_line(table, way))}. Bands: 95 % intervals.",
        panels,
        run.command("steering"),
        columns=len(panels),
    )


def _panel(chart: Chart, title: str) -> Chart:
    return replace(chart, title=title)


def _words(line: Spans) -> str:
    text = "".join(span.text for span in line).removesuffix(".")
    return text[:1].upper() + text[1:]
