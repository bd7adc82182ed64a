"""The tables of neurons below an example: by contribution, or by whether they are active where the answer is right."""

from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from neurontui.tui.charts.builders.examples import HERE_FIELDS, OVERALL_FIELDS, TOP_FIELDS
from neurontui.tui.common.table_fields import Field
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Absent, View

FAST = 50_000_000
"""Neurons times examples that are compared within a second or two; larger runs are compared in one layer."""


class NeuronTable(View):
    """Neurons with a heading; `key` names the query."""

    key: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    explanation: ClassVar[tuple[str, ...]] = ()
    """Lines below the heading."""

    def request(self, scope: Scope) -> QueryRequest:
        """The query of the rows."""
        raise NotImplementedError

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The rows."""
        return {self.key: self.request(scope)}

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """What the neurons are, and of how many inputs."""
        raise NotImplementedError

    def rows(self, table: pa.Table) -> pa.Table:
        """The rows as they are shown."""
        return table


class Contributors(NeuronTable):
    """Neurons with the largest contribution to one example."""

    name = "largest contribution"
    key = "top"
    fields = TOP_FIELDS
    explanation = ("CS: % of the layer's output · ES: answer's logit",)
    absent = Absent(
        "No attribution in this run",
        "Measure contribution scores as well: neurontui run … --measures types,attribution.",
    )

    def request(self, scope: Scope) -> QueryRequest:
        """The largest contribution scores."""
        return QueryRequest.of("example-top-neurons", **_one(scope))

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """The order of the rows."""
        return "Largest contribution", "here · d: right against wrong"


class DiffersHere(NeuronTable):
    """Neurons of one example that are active where the answer is right and not where it is wrong."""

    name = "right against wrong, this example"
    key = "differs"
    fields = HERE_FIELDS
    absent = Absent(
        "Nothing to compare in this example",
        "It needs a right answer in one of the selected languages, a wrong one in another, and stored masks. "
        "Press w until the list is of incorrect examples, or d for all examples.",
    )

    def request(self, scope: Scope) -> QueryRequest:
        """The largest differences within the example."""
        return QueryRequest.of("example-neurons-by-correctness", **_one(scope))

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """How many languages are compared."""
        row = table.slice(0, 1).to_pylist()[0]
        return "Active where right, not where wrong", f"{row['n_right']} / {row['n_wrong']} languages"


class DiffersOverall(NeuronTable):
    """Neurons that are active more often with right answers than with wrong ones."""

    name = "right against wrong, all examples"
    key = "differs-overall"
    fields = OVERALL_FIELDS
    absent = Absent(
        "Nothing to compare in this run",
        "It needs a language with both right and wrong answers, and stored masks: "
        "neurontui run … --measures types,ablation.",
    )

    def request(self, scope: Scope) -> QueryRequest:
        """The largest differences within languages; of a large run, in the selected layer."""
        layer = scope.selection.layer if self._in_one_layer(scope) else None
        return QueryRequest.of("neurons-by-correctness", run=scope.run.number, languages=scope.languages, layer=layer)

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """How many inputs are compared, and where."""
        row = table.slice(0, 1).to_pylist()[0]
        where = f"layer {scope.selection.layer}" if self._in_one_layer(scope) else "all layers"
        return "More active when right", f"{row['n_right']:,} / {row['n_wrong']:,} inputs · {where}"

    def rows(self, table: pa.Table) -> pa.Table:
        """With half the interval."""
        return table.append_column("half", pc.divide(pc.subtract(table["high"], table["low"]), 2.0))

    def _in_one_layer(self, scope: Scope) -> bool:
        return int(scope.run.get("n_neurons") or 0) * int(scope.run.get("n_examples") or 0) > FAST


def _one(scope: Scope) -> dict[str, Any]:
    return {"run": scope.run.number, "example": scope.selection.example, "languages": scope.languages}
