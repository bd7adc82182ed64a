"""Intervals of intervention-agreement and patching cover the planted changes as often as they say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurontui.queries import open_results
from tests.queries.selected_stores import LANGUAGES, Outcomes, clustered, write_outcomes

P = len(LANGUAGES)
VALUES, SETS, LAYERS = ("0", "scale:2"), 8, (0, 1, None)
CHANGES = np.stack([np.linspace(-1.2, 0.2, SETS), np.linspace(-1.2, 0.2, SETS)[[1, 0, 2, 4, 3, 5, 7, 6]]])
"""(2, SETS) planted changes of the log-probability by value and set, the same in every language."""
PATCHES = np.array([[0.0, -0.3, -0.6, 0.1], [0.0, -1.0, 0.2, -0.4], [0.0, -1.2, -0.5, -0.2]])
"""(layers, P) planted changes with a layer patched from the first language."""


def run_of(seed: int) -> Outcomes:
    """Baseline, sets under two values, and patched layers."""
    rng = np.random.default_rng(seed)
    baseline = -2 + clustered(rng, P)
    logprobs, conditions = [baseline], [{"kind": "baseline"}]
    for value, changes in zip(VALUES, CHANGES, strict=True):
        for number, change in enumerate(changes):
            logprobs.append(baseline + change + clustered(rng, P))
            conditions.append({"kind": "user", "label": f"set {number}", "value": value})
    for layer, changes in zip(LAYERS, PATCHES, strict=True):
        logprobs.append(baseline + changes + 0.5 * clustered(rng, P))
        layers: Any = None if layer is None else [layer]
        conditions.append({"kind": "layer", "label": "patched", "value": f"patch:{LANGUAGES[0]}", "layers": layers})
    logprob = np.stack(logprobs)
    return Outcomes(conditions, logprob, np.zeros(logprob.shape, bool), np.arange(len(logprobs)))


def coverage(path: Path, n: int, first: int) -> dict[str, float]:
    """Share of intervals with the planted number, by what they are of."""
    covered: dict[str, list[bool]] = {"change": [], "correlation": [], "patch": [], "all languages": []}
    places = {f"set {number}": number for number in range(SETS)}
    with open_results(write_outcomes(path, *(run_of(first + i) for i in range(n)))) as results:
        for number in range(1, n + 1):
            for row in results.query("intervention-agreement", run=number).to_pylist():
                if row["label"] is None:
                    truth = float(np.corrcoef(*CHANGES.argsort(1).argsort(1))[0, 1])
                    covered["correlation"].append(row["correlation_low"] <= truth <= row["correlation_high"])
                    continue
                one, two = CHANGES[:, places[row["label"]]]
                covered["change"] += [row["low"] <= one <= row["high"], row["other_low"] <= two <= row["other_high"]]
            for row in results.query("patching", run=number).to_pylist():
                changes = PATCHES[LAYERS.index(row["layer"])]
                if row["language"] is None:
                    covered["all languages"].append(row["low"] <= changes[1:].mean() <= row["high"])
                else:
                    change = changes[LANGUAGES.index(row["language"])]
                    covered["patch"].append(row["low"] <= change <= row["high"])
    return {name: float(np.mean(values)) for name, values in covered.items()}


def test_intervals_cover(tmp_path: Path) -> None:
    shares = coverage(tmp_path / "r.duckdb", 10, 100)
    assert shares["change"] > 0.88
    assert shares["patch"] > 0.85
    assert shares["all languages"] > 0.75


@pytest.mark.faults
def test_coverage_of_200_stores(tmp_path: Path) -> None:
    """Changes and patches. The correlation over the sets is a rank statistic, whose interval is wider than it says."""
    shares = coverage(tmp_path / "r.duckdb", 200, 1000)
    print(f"\ncoverage {shares}")
    assert all(0.93 <= shares[name] <= 0.97 for name in ("change", "patch", "all languages"))
    assert shares["correlation"] >= 0.93
