"""What the command palette finds in the results: runs, neurons, examples, tokens and named queries."""

import asyncio
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from textual.command import Hit, Hits, Provider
from textual.content import Content

from neurontui.queries.loader import Query
from neurontui.store.errors import NeurontuiError
from neurontui.tui.common.number_formats import percent
from neurontui.tui.common.sanitize import shorten
from neurontui.tui.explorer.query_runner import QueryRequest, RunningQuery
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.host import Host

Row = dict[str, Any]

NEURON = re.compile(r"(?:layer\s*|l\s*)?(\d+)(?:\s*[,/.:·]\s*|\s+)(?:neuron\s*|n\s*)?(\d+)", re.IGNORECASE)
"""`5 466`, `L5 466`, `layer 5 neuron 466`."""
EXAMPLE = re.compile(r"(?:example\s*|ex\s*|#\s*)?(\d+)", re.IGNORECASE)
"""`12`, `#12`, `example 12`."""
STILL = 0.15
"""Seconds without a key after which the file is searched."""
SHORTEST = 2
"""Characters of a text that the file is searched for; Chinese words are short."""
TOKENS, EXAMPLES = 6, 6
"""Maximum number of hits."""
EXACT, SAME = 1000.0, 500.0
"""Scores of a number that was typed, and of the same text."""
RUN, QUERY, TOKEN, TEXT = 3.5, 2.5, 2.2, 2.0
"""Scores for each letter of a text that something contains. A command scores at least 3 for each letter of a part of
its name, and at most 2 for letters that are scattered over it."""


class ResultsProvider(Provider):
    """Searches the selected run, and the runs and queries of the open files."""

    @property
    def host(self) -> Host:
        """The application, as screens see it."""
        return cast(Host, self.app)

    async def search(self, query: str) -> Hits:
        """Hits for the typed text: those that need no query first."""
        scope = self.host.session.scope(self.host.session.selection)
        if scope is None:
            return
        if numbers := NEURON.fullmatch(query):
            async for hit in self._neuron(scope, *map(int, numbers.groups())):
                yield hit
            return
        for hit in (*self._runs(query), *self._queries(query, scope), *self._example(query, scope)):
            yield hit
        if len(query) >= SHORTEST:
            await asyncio.sleep(STILL)
            found = False
            async for hit in self._tokens(query, scope):
                found = True
                yield hit
            if found:
                for hit in self._reverse_search(query, scope):
                    yield hit
            async for hit in self._texts(query, scope):
                yield hit

    def _runs(self, query: str) -> Iterator[Hit]:
        for run in self.host.session.runs:
            name = f"Run {run.number}: {shorten(run.name, 60)}"
            if _contains(name, query):
                select = partial(self.host.session.choose_run, run.key)
                yield _hit(RUN * len(query), name, "select this run", select)

    def _queries(self, query: str, scope: Scope) -> Iterator[Hit]:
        for named in self.host.session.query_runner.results.queries():
            name, title = f"Query {named.name}", shorten(named.title, 60)
            if _contains(f"{name} {title}", query):
                yield _hit(QUERY * len(query), name, title, partial(self._open_query, named, scope))

    def _open_query(self, named: Query, scope: Scope) -> None:
        """The SQL screen with a named query of the selected run; what it requires comes from the selection."""
        results = self.host.session.query_runner.results
        try:
            statement = results.statement(named.name, **_values(named, scope))
        except NeurontuiError as error:
            self.app.notify(str(error), severity="warning")
            return
        self._open_sql(statement)

    def _example(self, query: str, scope: Scope) -> Iterator[Hit]:
        number = EXAMPLE.fullmatch(query)
        if number and int(number[1]) < (scope.run.get("n_examples") or 0):
            yield self._example_hit(EXACT, int(number[1]), "Show this example")

    def _example_hit(self, score: float, example: int, words: str) -> Hit:
        show = partial(self.host.open_detail, "examples", example=example)
        return _hit(score, f"Example {example}", words, show)

    async def _neuron(self, scope: Scope, layer: int, neuron: int) -> Hits:
        """The neuron with these numbers, if the run has it."""
        for row in await self._rows("layers", run=scope.run.number):
            if row["layer"] == layer and neuron < row["n_neurons"]:
                yield self._neuron_hit(EXACT, layer, neuron, f"{row['stack']}, of {row['n_neurons']:,} neurons")

    def _neuron_hit(self, score: float, layer: int, neuron: int, words: str) -> Hit:
        show = partial(self.host.open_detail, "neuron", layer=layer, neuron=neuron)
        return _hit(score, f"Layer {layer}, neuron {neuron}", words, show)

    async def _tokens(self, query: str, scope: Scope) -> Hits:
        """Neurons that promote or suppress a token, with their types and languages; then all of them."""
        rows = await self._rows(
            "neurons-promoting", run=scope.run.number, languages=scope.languages, text=query, limit=TOKENS
        )  # fmt: skip
        for place, row in enumerate(rows):
            same = row["token"].strip().lower() == query.strip().lower()
            token = f"{row['direction']} “{shorten(row['token'], 40)}”, rank {row['rank']}"
            words = f"{token} · {row['type']} in {percent(row['share'])} % · {shorten(' '.join(row['languages']), 24)}"
            score = (SAME if same else TOKEN * len(query)) - place / 100
            yield self._neuron_hit(score, row["layer"], row["neuron"], words)

    def _reverse_search(self, query: str, scope: Scope) -> Iterator[Hit]:
        """The SQL screen with all neurons that promote or suppress the typed word."""
        results = self.host.session.query_runner.results
        statement = results.statement(
            "neurons-promoting", run=scope.run.number, languages=list(scope.languages), text=query
        )  # fmt: skip
        name = f"Neurons that promote or suppress “{shorten(query, 40)}”"
        yield _hit(TOKEN * len(query) - 1, name, "all, on the SQL screen", partial(self._open_sql, statement))

    def _open_sql(self, statement: str) -> None:
        self.host.session.pending_sql = statement
        self.host.open_detail("sql")

    async def _texts(self, query: str, scope: Scope) -> Hits:
        """Examples with this id, and those whose id, prompt, answer or prediction contain the text."""
        rows = await self._rows(
            "examples-search", run=scope.run.number, languages=scope.languages, text=query, limit=EXAMPLES
        )  # fmt: skip
        for place, row in enumerate(rows):
            score = SAME if row["id"].lower() == query.lower() else TEXT * len(query)
            words = f"{shorten(row['id'], 24)} · {row['language']}: {shorten(row['prompt'], 60)}"
            yield self._example_hit(score - place / 100, row["example"], words)

    async def _rows(self, name: str, **params: Any) -> list[Row]:
        """Rows of a query, which runs in a thread and stops when another key is typed; none if it fails."""
        running, runner = RunningQuery(), self.host.session.query_runner
        try:
            table = await asyncio.to_thread(runner.answer, QueryRequest.of(name, **params), running)
        except asyncio.CancelledError:
            running.cancel()
            raise
        except NeurontuiError:
            return []
        rows: list[Row] = table.to_pylist()
        return rows


def _contains(text: str, query: str) -> bool:
    """Whether the text contains every typed word."""
    return all(word in text.lower() for word in query.lower().split())


def _hit(score: float, name: str, words: str, command: partial[None]) -> Hit:
    """A hit with stored text in it, which is never parsed as markup."""
    return Hit(score, Content(f"{name} · {words}"), command, text=name)


def _values(named: Query, scope: Scope) -> dict[str, object]:
    """The run and its languages, and for what a query requires the selection."""
    chosen, second = scope.selection, scope.second
    values: dict[str, object] = {
        "layer": chosen.layer,
        "neuron": max(chosen.neuron, 0),
        "example": chosen.example,
        "other": second.number if second is not None else scope.run.number,
    }
    given: dict[str, object] = {"run": scope.run.number}
    for parameter in named.parameters:
        if parameter.name == "languages" and len(scope.languages) < len(scope.run.languages):
            given["languages"] = list(scope.languages)
        elif parameter.required:
            given[parameter.name] = values.get(parameter.name, "")
    return given
