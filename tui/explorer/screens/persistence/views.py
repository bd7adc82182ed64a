"""The views of the Persistence screen: a list of neurons, or overlap against the number of examples."""

from typing import Any

from neurontui.tui.charts.builders.persistence import size_chart
from neurontui.tui.charts.builders.rows import layer_name
from neurontui.tui.charts.model import Chart
from neurontui.tui.charts.palette import ink_of
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Answers, View
from neurontui.tui.explorer.widgets.text_lines import Span, Spans

SHARES = (1, 5, 10, 25, 50, 75, 90, 100)
"""Percentages of examples in which listed neurons have the type, at least."""
START = 50
"""The share with which a list begins, in percent."""


class NeuronList(View):
    """Neurons that have a type in at least a share of the examples."""

    name = "neurons"

    def __init__(self) -> None:
        self.share: float = START
        """Percentage of examples."""

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The neurons, overlap in all layers and by layer, and the layers."""
        chosen, both = scope.selection, _both(scope)
        neurons = QueryRequest.of(
            "find-neurons",
            **both,
            type=chosen.type,
            language=scope.speaks or None,
            share=self.share,
            layer=chosen.layer_filter,
        )
        return {
            "neurons": neurons,
            "overlap": QueryRequest.of("type-persistence", **both),
            "by-layer": QueryRequest.of("type-persistence", **both, by_layer=True),
            "layers": QueryRequest.of("layers", run=scope.run.number),
        }

    def step(self, step: int) -> None:
        """The next larger or smaller of the usual shares."""
        near = [share for share in SHARES if (share > self.share if step > 0 else share < self.share)]
        self.share = (near[0] if step > 0 else near[-1]) if near else self.share

    def heading(self, answers: Answers, scope: Scope) -> Spans:
        """What the list is filtered by, and how many neurons there are."""
        chosen, table = scope.selection, answers.get("neurons")
        matches = table.column("found")[0].as_py() if table is not None and table.num_rows else 0
        layer = "any" if chosen.layer_filter is None else layer_name(answers.get("layers"), chosen.layer_filter)
        parts = [Span("Neurons", "text", bold=True)]
        for word, value, role in (
            ("type", chosen.type, chosen.type),
            ("language", scope.speaks or "any", "first"),
            ("in", f"≥ {self.share:g} %", "first"),
            ("layer", layer.removeprefix("layer "), "first"),
        ):
            parts += [Span(f"  {word} ", "dim"), Span(value, ink_of(role), bold=True)]
        if table is None:
            return parts
        found = f"{matches:,} found" if table.num_rows == matches else f"{table.num_rows:,} of {matches:,}"
        return [*parts, Span(f"   {found}", "second")]


class OverlapBySize(View):
    """Overlap against the number of examples."""

    name = "overlap by number of examples"

    def __init__(self, neurons: NeuronList) -> None:
        self._neurons = neurons

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The list's queries, whose overlap stays above the chart, and overlap by number of examples."""
        return {**self._neurons.queries(scope), "sizes": QueryRequest.of("persistence-at-size", **_both(scope))}

    def chart(self, answers: Answers, scope: Scope, style: str = "") -> Chart | None:
        """A curve for each type."""
        table = answers.get("sizes")
        return None if table is None else size_chart(table)

    def heading(self) -> Spans:
        """What the ends of the x axis are."""
        return [
            Span("Overlap against number of examples", "text", bold=True),
            Span("  left: average; right: all examples", "dim"),
        ]


def _both(scope: Scope) -> dict[str, Any]:
    return {"run": scope.run.number, "languages": scope.languages}
