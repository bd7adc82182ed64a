"""The neurons below an example: by contribution, or as a picture of neurons and languages in one of three orders."""

from typing import Any, ClassVar

import pyarrow as pa

from neurontui.tui.charts.builders.example_matrix import COMPARED_FIELDS, PICTURE_FIELDS
from neurontui.tui.charts.builders.examples import TOP_FIELDS
from neurontui.tui.common.table_fields import Field
from neurontui.tui.explorer.query_runner import QueryRequest
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.view import Absent, View

FAST = 20_000_000
"""Neurons times inputs that are compared within a few seconds; larger runs are compared in one layer."""
SHOWN = 100
"""Neurons in a table."""
NO_SCORES = Absent(
    "No attribution in this run",
    "Measure contribution scores as well: neurontui run … --measures types,attribution.",
)


class NeuronTable(View):
    """Neurons with a heading; `key` names the query."""

    key: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    explanation: ClassVar[tuple[str, ...]] = ()
    """Lines below the heading."""
    drawn: ClassVar[bool] = False
    """Whether its rows have a cell for each language."""
    scored: ClassVar[bool] = True
    """Whether it needs contribution scores."""
    of_one_example: ClassVar[bool] = True
    """Whether its query reads one example, which is quick; otherwise all of them."""

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
    """Neurons with the largest contribution to one example, language by language."""

    name = "largest contribution"
    key = "top"
    fields = TOP_FIELDS
    explanation = ("CS: % of the layer's output · ES: answer's logit",)
    absent = NO_SCORES

    def request(self, scope: Scope) -> QueryRequest:
        """The largest contribution scores."""
        return QueryRequest.of("example-top-neurons", **of_example(scope))

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """The order of the rows."""
        return "Largest contribution", "here · d: all languages"


class Picture(NeuronTable):
    """The neurons with the largest contribution, with a cell for each language, by contribution or by type."""

    fields = PICTURE_FIELDS
    explanation = ("● active · color: contribution score CS, % of the layer's output",)
    drawn = True
    absent = NO_SCORES

    def __init__(self, order: str, words: str, following: str) -> None:
        self.key = f"picture-{order}"  # type: ignore[misc]
        self.name = words  # type: ignore[misc]
        self._order, self._following = order, following

    def request(self, scope: Scope) -> QueryRequest:
        """The largest contribution scores in any language."""
        return QueryRequest.of("example-matrix", **of_example(scope), order=self._order, limit=SHOWN)

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """The order of the rows, and the next one."""
        return self.name, f"d: {self._following}"


class Differing(NeuronTable):
    """Neurons that are active where the answer is right and not where it is wrong, ranked over all examples."""

    name = "right against wrong, all examples"
    key = "differs"
    fields = COMPARED_FIELDS
    explanation = ("p: permutation test over all neurons · ● active in this example",)
    drawn = True
    scored = False
    of_one_example = False
    absent = Absent(
        "Nothing to compare in this run",
        "It needs examples with right answers in some of the selected languages and wrong ones in others, and stored "
        "masks: neurontui run … --measures types,ablation.",
    )

    def __init__(self) -> None:
        self._ranked: tuple[QueryRequest, pa.Table] | None = None

    def rank(self, request: QueryRequest, table: pa.Table) -> None:
        """The ranking is known: what `neurons-by-correctness` returns."""
        self._ranked = request, table

    def ranking(self, scope: Scope) -> pa.Table | None:
        """The ranking of a scope, if it is known and has rows."""
        if self._ranked is None or self._ranked[0] != self.request(scope) or not self._ranked[1].num_rows:
            return None
        return self._ranked[1]

    def request(self, scope: Scope) -> QueryRequest:
        """The largest differences; of a large run, in the selected layer."""
        layer = scope.selection.layer if self._in_one_layer(scope) else None
        return QueryRequest.of(
            "neurons-by-correctness", run=scope.run.number, languages=scope.languages, layer=layer, limit=SHOWN
        )

    def queries(self, scope: Scope) -> dict[str, QueryRequest]:
        """The ranking, and then the cells of its neurons in this example."""
        ranking = self.ranking(scope)
        if ranking is None:
            return super().queries(scope)
        neurons = tuple(number for pair in _pairs(ranking) for number in pair)
        cells = QueryRequest.of("example-matrix", **of_example(scope), neurons=neurons, limit=SHOWN)
        return {**super().queries(scope), "cells": cells}

    def heading(self, table: pa.Table, scope: Scope) -> tuple[str, str]:
        """How many examples are compared, and where."""
        ranking = self.ranking(scope)
        n = 0 if ranking is None else ranking.column("n_examples")[0].as_py()
        where = f" · layer {scope.selection.layer}" if self._in_one_layer(scope) else ""
        return "Active where right, not where wrong", f"{n:,} examples{where}"

    def rows(self, table: pa.Table) -> pa.Table:
        """The cells, with the differences over all examples."""
        if self._ranked is None:
            return table
        ranking = self._ranked[1]
        places = {pair: place for place, pair in enumerate(_pairs(ranking))}
        taken = [places.get(pair) for pair in _pairs(table)]
        for name in ("p", "z", "difference"):
            table = table.append_column(f"{name}_of_all", ranking.column(name).take(pa.array(taken, pa.int64())))
        return table

    def _in_one_layer(self, scope: Scope) -> bool:
        n_inputs = int(scope.run.get("n_examples") or 0) * len(scope.languages)
        return int(scope.run.get("n_neurons") or 0) * n_inputs > FAST


def neuron_tables() -> tuple[NeuronTable, ...]:
    """The tables of the screen in the order of the key."""
    return (
        Contributors(),
        Picture("contribution", "Neurons by language", "by type"),
        Picture("type", "Neurons by language, by type", "right against wrong"),
        Differing(),
    )


def _pairs(table: pa.Table) -> list[tuple[int, int]]:
    """Layer and neuron of each row."""
    return list(zip(table.column("layer").to_pylist(), table.column("neuron").to_pylist(), strict=True))


def of_example(scope: Scope) -> dict[str, Any]:
    """Parameters of a query about the selected example."""
    return {"run": scope.run.number, "example": scope.selection.example, "languages": scope.languages}
