"""Writes the tables that follow from a run's manifest: runs, run_languages, layers, conditions, notes.

Also adds languages that the reference table lacks.
"""

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from neurontui.store.journal.manifest import Manifest
from neurontui.store.languages.rows import add_languages


def describe(connection: duckdb.DuckDBPyConnection, run: int, manifest: Manifest, cost: tuple[float, int]) -> None:
    """Write the tables of run number `run`, after its shards; `cost` is seconds and tokens of all batches."""
    _run(connection, run, manifest, *cost)
    connection.executemany(
        "INSERT INTO results.run_languages VALUES (?, ?, ?)",
        [(run, bit, code) for bit, code in enumerate(manifest.languages)],
    )
    add_languages(connection, "results", manifest.languages)
    _layers(connection, run, manifest)
    _conditions(connection, run, manifest)
    _notes(connection, run, manifest)


def _run(connection: duckdb.DuckDBPyConnection, run: int, manifest: Manifest, seconds: float, tokens: int) -> None:
    [(measured,)] = connection.execute(
        "SELECT count(DISTINCT example) FROM results.examples WHERE run = ?", [run]
    ).fetchall()
    values = {
        "run": run,
        "key": manifest.key,
        "name": manifest.name,
        "model": manifest.model,
        "revision": manifest.revision,
        "architecture": manifest.architecture,
        "task": manifest.task,
        "setting": manifest.setting,
        "n_shots": manifest.n_shots,
        "languages": list(manifest.languages),
        "all_mask": manifest.all_mask,
        "n_examples": measured or manifest.n_examples,
        "dtype": manifest.dtype,
        "device": manifest.device,
        "threshold": manifest.threshold,
        "settings": json.dumps(manifest.settings, ensure_ascii=False, sort_keys=True),
        "versions": json.dumps(manifest.versions, ensure_ascii=False, sort_keys=True),
        "started": manifest.started,
        "seconds": seconds,
        "tokens": tokens,
    }
    _insert(connection, "runs", values)


def _layers(connection: duckdb.DuckDBPyConnection, run: int, manifest: Manifest) -> None:
    near = dict(connection.execute("SELECT layer, sum(n_near_zero) FROM shards.layers GROUP BY layer").fetchall())
    rows = [
        (run, layer.layer, layer.stack, layer.position, layer.n_neurons, near.get(layer.layer))
        for layer in manifest.layers
    ]
    connection.executemany("INSERT INTO results.layers VALUES (?, ?, ?, ?, ?, ?)", rows)


def _conditions(connection: duckdb.DuckDBPyConnection, run: int, manifest: Manifest) -> None:
    """The measured conditions; `percent` = 100 · mean of n_ablated / neurons of the model."""
    neurons = sum(layer.n_neurons for layer in manifest.layers)
    ablated = dict(
        connection.execute(
            "SELECT condition, avg(n_ablated) FROM results.ablation_examples WHERE run = ? GROUP BY condition",
            [run],
        ).fetchall()
    )
    for condition in manifest.conditions:
        if condition.condition in ablated:
            percent = 100 * ablated[condition.condition] / neurons
            layers = None if condition.layers is None else list(condition.layers)
            values = {**vars(condition), "run": run, "layers": layers, "percent": percent}
            _insert(connection, "conditions", values)


def _notes(connection: duckdb.DuckDBPyConnection, run: int, manifest: Manifest) -> None:
    shards = connection.execute("SELECT topic, text FROM shards.notes").fetchall()
    for topic, text in dict.fromkeys([*manifest.notes, *shards]):
        connection.execute("INSERT INTO results.notes VALUES (?, ?, ?)", [run, topic, text])


def _insert(connection: duckdb.DuckDBPyConnection, table: str, values: Mapping[str, Any]) -> None:
    bound = ", ".join(f"${name}" for name in values)
    connection.execute(f"INSERT INTO results.{table} ({', '.join(values)}) VALUES ({bound})", dict(values))
