"""Stores with sets selected for each language, where the effect of each set on each language is planted.

Examples of one cluster are near copies, so that intervals which took them for independent would be far too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from neurontui.store import schema

Array = NDArray[Any]
LANGUAGES = ("en", "de", "fr", "tr")
CLUSTERS, COPIES = 60, 2
E = CLUSTERS * COPIES
SOURCES = tuple(i // COPIES for i in range(E))
BLOCKS = tuple(cluster * 20 // CLUSTERS for cluster in SOURCES)


@dataclass(frozen=True)
class Outcomes:
    """A run's ablation: its conditions, and (C, E, P) outcomes."""

    conditions: list[dict[str, Any]]
    """Columns of `conditions` that differ from those of the baseline."""
    logprob: Array
    correct: Array
    n_ablated: Array
    """(C,)."""
    output_language: Array | None = None


def selected_run(seed: int, effects: Array) -> Outcomes:
    """Baseline, then for each language its set and the set's control.

    effects: (P, P) change of the log-probability beyond the control, by set and by language of the input.
    """
    rng, P = np.random.default_rng(seed), len(LANGUAGES)
    baseline = -2 + clustered(rng, P)
    logprobs, conditions = [baseline], [{"kind": "baseline"}]
    for bit, code in enumerate(LANGUAGES):
        harm = -0.5 + 0.5 * clustered(rng, P)  # set and control do harm to the same inputs
        logprobs.append(baseline + harm + effects[bit] + 0.3 * clustered(rng, P))
        logprobs.append(baseline + harm + 0.3 * clustered(rng, P))
        own = {"rule": "lape", "set_language": code, "fraction": 0.01}
        conditions.append({"kind": "selected", "label": f"w/o {code} by lape", **own})
        control = {"kind": "matched", "label": f"w/o control of {code} by lape", "matched_to": 1 + 2 * bit}
        conditions.append({**control, **own})
    logprob = np.stack(logprobs)
    correct = logprob + rng.normal(0, 0.5, logprob.shape) > -2.2
    return Outcomes(conditions, logprob, correct, np.array([0, *(10 + i // 2 for i in range(2 * P))]))


def clustered(rng: np.random.Generator, P: int) -> Array:
    """(E, P), alike within a cluster, in part also between the languages of an example."""
    shared, own = rng.normal(0, 0.7, (CLUSTERS, 1)), rng.normal(0, 0.7, (CLUSTERS, P))
    return np.repeat(shared + own, COPIES, axis=0) + rng.normal(0, 0.2, (E, P))


def write_outcomes(path: Path, *runs: Outcomes, ablated: Sequence[int] = (), sources: Sequence[int] = SOURCES) -> Path:
    """A results file with these runs, numbered from 1. ablated: examples of each run in the ablation; empty: all.

    sources: cluster of each example.
    """
    schema.create(path)
    with duckdb.connect(str(path)) as connection:
        connection.begin()
        for number, (run, n) in enumerate(zip(runs, ablated or [E] * len(runs), strict=True), 1):
            for table, rows in _tables(run, number, n, sources).items():
                connection.register("incoming", rows)
                connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
                connection.unregister("incoming")
        connection.commit()
    return path


def _tables(run: Outcomes, number: int, ablated: int, sources: Sequence[int]) -> dict[str, pa.Table]:
    P, C = len(LANGUAGES), len(run.logprob)
    example, language = np.divmod(np.arange(E * P), P)
    codes = np.array(LANGUAGES)[language]
    condition = np.repeat(np.arange(C), E * P)
    runs = {
        "run": [number], "key": [f"key{number}"], "name": [f"run {number}"], "model": ["m"], "architecture": ["bloom"],
        "task": ["t"], "n_shots": [0], "languages": [list(LANGUAGES)], "all_mask": [15], "n_examples": [E],
        "dtype": ["float32"], "device": ["cpu"], "threshold": [0.0], "settings": ["{}"], "versions": ["{}"],
        "started": [np.datetime64("2026-01-02", "us")], "seconds": [1.0], "tokens": [1],
    }  # fmt: skip
    examples = {
        "run": [number] * (E * P), "example": example, "id": [f"e{i}" for i in example],
        "cluster": [f"c{sources[i]}" for i in example], "fold": np.array(BLOCKS)[example], "language": codes,
        "prompt": ["p"] * (E * P), "answer": ["a"] * (E * P), "n_tokens": [5] * (E * P), "last_token": ["?"] * (E * P),
    }  # fmt: skip
    plain = {
        "run": number, "scope": "all", "value": "0", "matched_to": None, "percent": 1.0, "label": "", "rule": None,
        "set_language": None, "fraction": None, "seed": None, "layers": None,
    }  # fmt: skip
    outcomes = {
        "run": [number] * len(condition), "condition": condition, "example": np.tile(example, C),
        "language": np.tile(codes, C), "correct": run.correct.ravel(), "answer_logprob": run.logprob.ravel(),
        "n_ablated": run.n_ablated[condition],
    }  # fmt: skip
    if run.output_language is not None:
        outcomes["output_language"] = run.output_language.ravel()
    return {
        "runs": pa.table(runs),
        "run_languages": pa.table({"run": [number] * P, "bit": range(P), "language": LANGUAGES}),
        "layers": pa.table({"run": [number], "layer": [0], "stack": ["decoder"], "position": [0], "n_neurons": [500]}),
        "examples": pa.table(examples),
        "conditions": pa.Table.from_pylist([{**plain, "condition": i, **own} for i, own in enumerate(run.conditions)]),
        "ablation_examples": pa.table(outcomes).filter(np.tile(example, C) < ablated),
    }
