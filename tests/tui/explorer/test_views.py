"""Views are functions of a scope and its tables: their queries, cells, bars and curves, compared with the tables."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from neurontui.tui.explorer.run_catalog import RunInfo
from neurontui.tui.explorer.scope import Scope
from neurontui.tui.explorer.screens.ablation import views as ablation
from neurontui.tui.explorer.screens.attribution import views as attribution
from neurontui.tui.explorer.screens.languages import views as languages
from neurontui.tui.explorer.screens.languages.by_distance import ByDistance
from neurontui.tui.explorer.screens.layers import views as layers
from neurontui.tui.explorer.screens.persistence import views as persistence
from neurontui.tui.explorer.screens.view import View
from neurontui.tui.explorer.session import Session, open_files

SUBSET = ("en", "de", "th")


@pytest.fixture
def session(store: Path) -> Iterator[Session]:
    opened = Session(open_files([store], None), [store])
    opened.read_runs()
    opened.choose_run(opened.runs[0].key)
    yield opened
    opened.close({})


@pytest.fixture
def scope(session: Session) -> Scope:
    return scope_of(session, language="de")


def scope_of(session: Session, **changes: object) -> Scope:
    scope = session.scope(replace(session.selection, **changes))  # type: ignore[arg-type]
    assert scope is not None
    return scope


def answers_of(session: Session, view: View, scope: Scope) -> dict[str, pa.Table]:
    tables = {key: session.query_runner.answer(request) for key, request in view.queries(scope).items()}
    run = scope.run.number
    return {**tables, "layers": session.query_runner.results.query("layers", run=run)}


def all_views() -> list[View]:
    options, neurons = ablation.Options(), persistence.NeuronList()
    return [
        *(kind() for kind in (layers.ByLayer, layers.ByLanguageCount, layers.ByThreshold)),
        *(kind() for kind in (layers.EveryToken, layers.RightOrWrong)),
        *(kind() for kind in (languages.Sharing, languages.Specific, languages.Partial, languages.AgainstChance)),
        ByDistance(),
        *(kind() for kind in (attribution.TopShare, attribution.OneNeuron, attribution.AllNeurons)),
        *(kind() for kind in (attribution.LargestEffect, attribution.EffectiveScores)),
        *(kind(options) for kind in (ablation.Conditions, ablation.AccuracyBars, ablation.Controls, ablation.Dose)),
        neurons,
        persistence.OverlapBySize(neurons),
    ]


@pytest.mark.parametrize("view", all_views(), ids=lambda view: type(view).__name__)
def test_queries_follow_from_the_scope_alone_and_run(session: Session, view: View) -> None:
    before = session.selection
    first, other = scope_of(session), scope_of(session, languages=SUBSET, language="de", layer=2)
    requests = view.queries(other)
    assert view.queries(first) != requests
    assert view.queries(other) == requests
    assert session.selection is before
    codes = [request.values().get("languages") for request in requests.values()]
    assert list(SUBSET) in codes
    for request in requests.values():
        session.query_runner.answer(request)


def test_sharing_reads_rows_and_columns_the_right_way_round(session: Session, scope: Scope) -> None:
    view = languages.Sharing()
    tables = answers_of(session, view, scope)
    matrix = view.matrix(tables, scope)
    assert matrix is not None
    for row in tables["matrix"].to_pylist():
        if row["language"] != row["other"]:
            cell = matrix.values[matrix.rows.index(row["language"])][matrix.columns.index(row["other"])]
            assert cell == pytest.approx(row["ratio"])
    below = view.below(tables, matrix, 1, 0)[1]
    assert below[0].text.startswith(f"{matrix.values[1][0]:.1f}")
    assert below[1].text == f" of the neurons active in {matrix.rows[1]} are active in {matrix.columns[0]} too"


@pytest.mark.parametrize("measure", ["phi", "lift", "jaccard"])
def test_bars_against_chance_are_those_of_the_row(session: Session, scope: Scope, measure: str) -> None:
    view = languages.AgainstChance()
    view.measure = measure
    tables = answers_of(session, view, scope)
    bars = view.bars(tables, scope)
    assert bars is not None
    expected = {
        row["other"] if row["language"] == "de" else row["language"]: row[measure]
        for row in tables["lift"].to_pylist()
        if "de" in (row["language"], row["other"]) and row[measure] is not None
    }
    assert expected
    assert {bar.name: bar.value for bar in bars.bars} == pytest.approx(expected)


def test_only_known_distances_can_be_shown(session: Session, scope: Scope) -> None:
    view = ByDistance()
    tables = answers_of(session, view, scope)
    table = tables["distances"]
    for kind in ("genetic", "syntactic", "phonological", "inventory", "geographic"):
        table = table.set_column(table.column_names.index(kind), kind, pa.nulls(table.num_rows, pa.float64()))
    tables["distances"] = table
    shown = []
    for _ in range(4):
        shown.append(view.heading(scope, tables).split(" · ")[1].split()[0])
        matrix = view.matrix(tables, scope)
        assert matrix is not None
        assert matrix.title.endswith(shown[-1])
        view.step(tables)
    assert shown == ["family", "branch", "script", "family"]


def test_partial_sharing_bars_are_those_of_all_layers(session: Session, scope: Scope) -> None:
    view = languages.Partial()
    tables = answers_of(session, view, scope)
    bars = view.bars(tables, scope)
    assert bars is not None
    expected = {row["other"]: row["ratio"] for row in tables["partial-all"].to_pylist()}
    assert {bar.name: bar.value for bar in bars.bars} == pytest.approx(expected)
    assert set(expected) == {*scope.languages} - {"de"}
    matrix = view.matrix(tables, scope)
    assert matrix is not None
    assert view.selected(matrix, 0, 3) == {"layer": 3}


def test_specific_shares_are_drawn_at_their_language_and_layer(session: Session, scope: Scope) -> None:
    view = languages.Specific()
    tables = answers_of(session, view, scope)
    matrix = view.matrix(tables, scope)
    assert matrix is not None
    for row in tables["specific"].to_pylist():
        assert matrix.values[matrix.rows.index(row["language"])][row["layer"]] == pytest.approx(row["ratio"])
    assert view.selected(matrix, 1, 3) == {"language": matrix.rows[1], "layer": 3}
    curve = view.curve(tables, scope, "de", "0", others=False)
    assert curve is not None
    expected = [row["ratio"] for row in tables["specific"].to_pylist() if row["language"] == "de"]
    assert list(curve.series[-1].values) == pytest.approx(expected)


def test_two_runs_are_compared_over_their_common_languages_and_thresholds(session: Session) -> None:
    view, first, second = layers.ByLayer(), session.runs[0], session.runs[1]
    scope = scope_of(session, second=second.key)
    assert set(first.languages) - set(second.languages) == {"pt"}
    requests = view.queries(scope)
    assert list(requests) == ["ratios", "second"]
    turned = view.queries(scope_of(session, run=second.key, second=first.key))
    for request in (*requests.values(), *turned.values()):
        assert "pt" not in request.values()["languages"]  # type: ignore[operator]
    view.differing = True
    assert view.queries(scope)["both"].values()["other"] == second.number
    missing = replace(scope, second=replace(second, thresholds=second.thresholds[:1]))
    chosen = replace(missing, selection=replace(scope.selection, threshold=first.thresholds[-1]))
    assert view.threshold(chosen) == first.threshold


def test_thresholds_follow_one_another_around_the_end(session: Session) -> None:
    view, scope = layers.ByLayer(), scope_of(session)
    run: RunInfo = scope.run
    assert len(run.thresholds) > 1
    following = [view.next_threshold(scope, threshold) for threshold in run.thresholds]
    assert following == [*run.thresholds[1:], run.thresholds[0]]
