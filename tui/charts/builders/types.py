"""Type ratios as charts: by layer, by number of languages, by threshold; one run, two, or their difference."""

from collections import defaultdict
from dataclasses import replace

import pyarrow as pa

from neurontui.tui.charts.builders.rows import layer_axis, series_by, type_series
from neurontui.tui.charts.model import Chart, Reading, Series, spaced
from neurontui.tui.charts.palette import LETTERS, SHORT, TYPES

ACTIVE = TYPES[:3]


def type_chart(table: pa.Table, stacked: bool = False, active_only: bool = False) -> Chart:
    """All four types by layer, or the three active ones; `table` is what type-ratio-by-layer returns."""
    rows = table.to_pylist()
    at = {row["layer"]: row for row in rows}
    layers = sorted(at)
    place = {layer: index for index, layer in enumerate(layers)}
    stacks = pa.table({"stack": [at[i]["stack"] for i in layers], "position": [at[i]["position"] for i in layers]})
    labels, breaks = layer_axis(stacks, layers)
    found = series_by(rows, "type", lambda row: place[row["layer"]], len(layers))
    series = type_series(found, ACTIVE if active_only else TYPES)
    return Chart("Type ratio by layer", labels, series, stacked=stacked, breaks=breaks)


def overlay(first: pa.Table, second: pa.Table, name: str, active_only: bool = False) -> Chart:
    """Lines of two runs; the second run (called `name`) is grey and its letters are small."""
    one, two = (
        type_chart(first, active_only=active_only),
        type_chart(second, active_only=active_only),
    )
    references = tuple(
        replace(each, letter=each.letter.lower(), role="reference", reference=True) for each in two.series
    )
    longer = one if one.n >= two.n else two
    return Chart(
        "Type ratio by layer, both runs",
        longer.labels,
        one.series + references,
        breaks=longer.breaks,
        grey=name,
    )


def difference(table: pa.Table, layers: pa.Table | None) -> Chart:
    """What compare-runs returns: the run less the other, in points, over the layers that both have."""
    rows = [row for row in table.to_pylist() if row["layer"] is not None]
    labels, breaks = layer_axis(layers, (row["layer"] for row in rows))
    found = series_by(rows, "type", lambda row: int(row["layer"]), len(labels), "difference")
    return Chart("Difference of type ratios", labels, type_series(found), "points", breaks=breaks, zero=True)


def by_count(table: pa.Table) -> Chart:
    """What type-ratio-by-language-count returns: observed, and expected were languages independent."""
    rows = table.to_pylist()
    sizes = sorted({row["n_languages"] for row in rows})
    place = {size: index for index, size in enumerate(sizes)}
    observed = series_by(rows, "type", lambda row: place[row["n_languages"]], len(sizes))
    chance = series_by(rows, "type", lambda row: place[row["n_languages"]], len(sizes), "independent", "-", "-")
    references = tuple(
        Series(
            SHORT[name],
            LETTERS[name].lower(),
            "reference",
            chance[name][0],
            (),
            reference=True,
        )
        for name in TYPES
        if name in chance
    )
    labels = tuple(str(size) for size in sizes)
    return Chart(
        "Type ratio by number of languages",
        labels,
        type_series(observed) + references,
        grey="by chance",
        x_title="languages",
    )


def by_threshold(table: pa.Table) -> Chart:
    """What type-ratio-by-threshold returns, over all layers."""
    rows = table.to_pylist()
    thresholds = sorted({row["threshold"] for row in rows})
    place = {threshold: index for index, threshold in enumerate(thresholds)}
    found = series_by(rows, "type", lambda row: place[row["threshold"]], len(thresholds))
    labels = tuple(f"{threshold:g}" for threshold in thresholds)
    return Chart(
        "Type ratio by threshold",
        labels,
        type_series(found),
        x_title="threshold",
        places=spaced(thresholds),
    )


def inactive(table: pa.Table, layers: pa.Table | None, language: str) -> Chart:
    """What inactive-across-tokens returns, for inputs in one language, or in every chosen one."""
    rows = [row for row in table.to_pylist() if (row["language"] or "") == language and row["layer"] is not None]
    labels, breaks = layer_axis(layers, (row["layer"] for row in rows))
    found = series_by(rows, "among", lambda row: int(row["layer"]), len(labels))
    names = {
        "all": ("neurons", "all", "first"),
        "inactive": ("inactive", "last", "second"),
        "non-activated": ("non-activated", "non", "third"),
    }
    series = tuple(Series(*names[key], *found[key]) for key in names if key in found)
    where = f"in {language}" if language else "in every chosen language"
    return Chart(f"Inactive at every token {where}", labels, series, breaks=breaks)


def correctness(table: pa.Table, layers: pa.Table | None) -> Chart:
    """What types-by-correctness returns: type ratio where the model is right, less where it is wrong."""
    rows = [row for row in table.to_pylist() if row["layer"] is not None]
    labels, breaks = layer_axis(layers, (row["layer"] for row in rows))
    found = series_by(rows, "type", lambda row: int(row["layer"]), len(labels), "difference")
    title = "Type ratio, right answers less wrong ones"
    return Chart(title, labels, type_series(found), "points", breaks=breaks, zero=True)


def totals(table: pa.Table) -> tuple[Reading, ...]:
    """Each type over all layers, weighted by the neurons of a layer."""
    sums: defaultdict[str, float] = defaultdict(float)
    neurons: defaultdict[str, int] = defaultdict(int)
    for row in table.to_pylist():
        if row["ratio"] is not None:
            sums[row["type"]] += row["ratio"] * row["n_neurons"]
            neurons[row["type"]] += row["n_neurons"]
    return tuple(
        Reading(LETTERS[name], SHORT[name], f"{sums[name] / neurons[name]:.1f}", name)
        for name in reversed(TYPES)
        if neurons[name]
    )
