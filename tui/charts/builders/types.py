"""Type ratios as charts: by layer, by number of languages, by threshold; one run, several, or their difference."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from neurontui.tui.charts.builders.rows import (
    DASHES,
    Columns,
    has_values,
    language_series,
    layer_axis,
    layer_of,
    layer_rows,
    series_by,
    type_series,
)
from neurontui.tui.charts.model import Chart, Reading, Series
from neurontui.tui.charts.palette import LETTERS, SHORT, TYPES
from neurontui.tui.common.number_formats import percent

ACTIVE = TYPES[:3]
SHARE = "% of neurons"
_FADE = 0.35
"""Opacity of the lightest of several lines in one color."""


def type_chart(table: pa.Table, stacked: bool = False, active_only: bool = False) -> Chart:
    """All four types by layer, or the three active ones; `table` is what type-ratio-by-layer returns."""
    rows = table.to_pylist()
    at = {row["layer"]: row for row in rows}
    layers = sorted(at)
    place = {layer: index for index, layer in enumerate(layers)}
    stacks = pa.table({"stack": [at[i]["stack"] for i in layers], "position": [at[i]["position"] for i in layers]})
    labels, breaks = layer_axis(stacks, layers)
    columns = series_by(rows, "type", lambda row: place[row["layer"]], len(layers))
    series = type_series(columns, ACTIVE if active_only else TYPES)
    return Chart("Type ratio by layer", labels, series, stacked=stacked, breaks=breaks, y_title=SHARE)


def overlay(first: pa.Table, second: pa.Table, name: str, active_only: bool = False) -> Chart:
    """Lines of two runs; the second run (called `name`) is gray and its letters are small."""
    one, two = (type_chart(table, active_only=active_only) for table in (first, second))
    references = tuple(
        replace(series, letter=series.letter.lower(), role="reference", reference=True, hue=series.role, dash=1)
        for series in two.series
    )
    longer = one if one.n >= two.n else two
    return replace(longer, title="Type ratio by layer, both runs", series=one.series + references, grey=name)


def difference(table: pa.Table, layers: pa.Table | None) -> Chart:
    """What compare-runs returns: the run minus the other, in points, over the layers that both have."""
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by(rows, "type", layer_of, len(labels), "difference")
    return Chart("Difference of type ratios", labels, type_series(columns), "points", breaks=breaks, zero=True)


def runs_by_layer(tables: Mapping[str, tuple[str, pa.Table]], kind: str) -> Chart:
    """One type in several runs, a line a run, all in its hue, ever fainter.

    letter -> name and what type-ratio-by-layer returns for one stack.
    """
    charts = {letter: (name, type_chart(table)) for letter, (name, table) in tables.items()}
    longest = max((chart for _, chart in charts.values()), key=lambda chart: chart.n)
    lines = []
    for i, (letter, (name, chart)) in enumerate(charts.items()):
        own = (series for series in chart.series if series.role == kind)
        alpha = 1.0 if i == 0 else max(1 - 0.2 * i, _FADE)
        lines += [replace(series, name=name, letter=letter, dash=i % DASHES, alpha=alpha) for series in own]
    return replace(longest, title=f"{LETTERS[kind]}  {kind}", series=tuple(lines))


def by_count(table: pa.Table) -> Chart:
    """What type-ratio-by-language-count returns: observed, and expected if languages were independent."""
    rows = table.to_pylist()
    sizes = sorted({row["n_languages"] for row in rows})
    place = {size: index for index, size in enumerate(sizes)}
    observed = series_by(rows, "type", lambda row: place[row["n_languages"]], len(sizes))
    chance = series_by(rows, "type", lambda row: place[row["n_languages"]], len(sizes), "independent", "", "")
    references = tuple(
        Series(SHORT[name], LETTERS[name].lower(), "reference", *chance[name], True, name, dash=2, alpha=0.8)
        for name in TYPES
        if name in chance
    )
    return Chart(
        "Type ratio by number of languages",
        tuple(str(size) for size in sizes),
        type_series(observed) + references,
        grey="by chance",
        x_title="languages",
        x=tuple(float(size) for size in sizes),
        y_title=SHARE,
    )


def by_threshold(table: pa.Table) -> Chart:
    """What type-ratio-by-threshold returns, over all layers."""
    rows = table.to_pylist()
    thresholds = sorted({row["threshold"] for row in rows})
    place = {threshold: index for index, threshold in enumerate(thresholds)}
    columns = series_by(rows, "type", lambda row: place[row["threshold"]], len(thresholds))
    return Chart(
        "Type ratio by threshold",
        tuple(f"{threshold:g}" for threshold in thresholds),
        type_series(columns),
        x_title="threshold",
        x=tuple(thresholds),
        y_title=SHARE,
    )


def by_type_and_layer(table: pa.Table, layers: pa.Table | None, group: str, keep: Sequence[float]) -> list[Chart]:
    """A chart a type over layers, in which each value of `group` is a line in the type's color, ever stronger."""
    rows, labels, breaks = layer_rows(table, layers)
    charts = []
    for name in TYPES:
        columns = series_by((row for row in rows if row["type"] == name), group, layer_of, len(labels))
        series = _fading(name, {key: columns[key] for key in keep if key in columns and has_values(columns[key])})
        if series:
            charts.append(Chart(f"{LETTERS[name]}  {name}", labels, series, breaks=breaks, y_title=SHARE))
    return charts


def _fading(name: str, columns: dict[float, Columns]) -> tuple[Series, ...]:
    step = (1 - _FADE) / max(1, len(columns) - 1)
    return tuple(
        Series(f"{key:g}", f"{key:g}", name, *columns[key], alpha=round(_FADE + i * step, 3))
        for i, key in enumerate(sorted(columns))
    )


def inactive(table: pa.Table, layers: pa.Table | None, language: str) -> Chart:
    """What inactive-across-tokens returns, for inputs in one language, or in every chosen one."""
    rows, labels, breaks = layer_rows(table, layers)
    own = (row for row in rows if (row["language"] or "") == language)
    columns = series_by(own, "among", layer_of, len(labels))
    names = {
        "all": ("neurons", "all", "first"),
        "inactive": ("inactive", "last", "third"),
        "non-activated": ("non-activated", "non", "non-activated"),
    }
    series = tuple(Series(*names[key], *columns[key]) for key in names if key in columns)
    where = f"in {language}" if language else "in every chosen language"
    return Chart(f"Inactive at every token {where}", labels, series, breaks=breaks)


def inactive_in_all_layers(table: pa.Table) -> tuple[Reading, ...]:
    """What inactive-across-tokens returns for all layers together: shares of the non-activated neurons.

    In one language: the mean over languages. Their non-activated neurons are the same, so this is the share over all
    inputs.
    """
    rows = [row for row in table.to_pylist() if row["layer"] is None and row["among"] == "non-activated"]
    single = [row["ratio"] for row in rows if row["language"] and row["ratio"] is not None]
    together = next((row["ratio"] for row in rows if row["language"] is None), None)
    mean = sum(single) / len(single) if single else None
    return (
        Reading("non", "in one language", percent(mean), "third"),
        Reading("non", "in every one", percent(together), "third"),
    )


def inactive_by_language(table: pa.Table, layers: pa.Table | None, languages: Sequence[str], among: str) -> Chart:
    """What inactive-across-tokens returns for one group of neurons: a line a language, and one for all together."""
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by((row for row in rows if row["among"] == among), "language", layer_of, len(labels))
    series = language_series(columns, languages)
    if None in columns:
        series += (Series("every language", "all", "text", *columns[None]),)
    return Chart("Inactive at every token", labels, series, breaks=breaks, from_zero=False)


def correctness(table: pa.Table, layers: pa.Table | None) -> Chart:
    """What types-by-correctness returns: type ratio where the model is right minus where it is wrong."""
    rows, labels, breaks = layer_rows(table, layers)
    columns = series_by(rows, "type", layer_of, len(labels), "difference")
    title = "Type ratio, right answers less wrong ones"
    return Chart(title, labels, type_series(columns), "points", breaks=breaks, zero=True)


def totals(table: pa.Table) -> tuple[Reading, ...]:
    """Each type over all layers, weighted by the neurons of a layer."""
    sums: defaultdict[str, float] = defaultdict(float)
    neurons: defaultdict[str, int] = defaultdict(int)
    for row in table.to_pylist():
        if row["ratio"] is not None:
            sums[row["type"]] += row["ratio"] * row["n_neurons"]
            neurons[row["type"]] += row["n_neurons"]
    return tuple(
        Reading(LETTERS[name], SHORT[name], percent(sums[name] / neurons[name]), name)
        for name in reversed(TYPES)
        if neurons[name]
    )
