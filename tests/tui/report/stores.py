"""Results files for the report's tests, made as a run makes them: batches in a journal, then the merge."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from neurontui.store.journal.journal import Journal
from neurontui.store.journal.manifest import Condition, Layer, Manifest
from neurontui.store.merge.merge import merge
from neurontui.store.schema import columns, shard_schema, shard_tables
from tests.queries.raw_run import RawRun, tables_of

SETTINGS = {"activation": "gate", "ablation": {"set": "own", "seeds": [0, 1, 2]}}
VERSIONS = {"torch": "2.15.0", "transformers": "5.23.0"}


def merge_runs(path: Path, *runs: RawRun, **changes: Any) -> Path:
    """A results file with these runs; `changes` are fields of every manifest."""
    for number, run in enumerate(runs, 1):
        tables = {name: list(rows) for name, rows in tables_of(run, number)}
        manifest = replace(_manifest(run, number), **changes)
        with Journal.open(path, manifest) as journal:
            journal.write(0, {name: _shard(name, tables[name]) for name in _measured(tables)}, 1.5, 1000)
            folder = journal.path
        merge(folder, path, keep="all" if run.keep_masks else "aggregates")
    return path


def _measured(tables: dict[str, list[tuple[Any, ...]]]) -> list[str]:
    return [name for name in shard_tables() if name != "notes" and tables.get(name)]


def _shard(name: str, rows: list[tuple[Any, ...]]) -> pa.Table:
    schema = shard_schema(name)
    place = {column: index for index, column in enumerate(columns(name))}
    arrays = [pa.array([row[place[each.name]] for row in rows], each.type) for each in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _manifest(run: RawRun, number: int) -> Manifest:
    positions = [run.stacks[:i].count(stack) for i, stack in enumerate(run.stacks)]
    return Manifest(
        key=f"{number:02d}f00dcafe{number:08d}", name=run.name, model=run.model, revision=None, architecture="bloom",
        task=run.task, setting=None, n_shots=0, languages=run.languages, n_examples=len(run.folds), n_batches=1,
        dtype="float32", device="cpu", threshold=0.0, started="2026-01-02T03:04:05",
        layers=tuple(
            Layer(i, stack, positions[i], run.activations[i].shape[-1]) for i, stack in enumerate(run.stacks)
        ),
        conditions=tuple(
            Condition(i, c.kind, c.label, c.type, c.fraction, c.seed, matched_to=c.matched_to)
            for i, c in enumerate(run.conditions)
        ),
        settings=SETTINGS, versions=VERSIONS, notes=(("data", "2 examples lack a translation and were left out."),),
    )  # fmt: skip
