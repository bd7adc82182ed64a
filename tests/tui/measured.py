"""Two small runs that were really measured on the demo's model, kept as Parquet: what the pictures of the screens show.

Measuring anew on another machine may flip a neuron whose activation is nearly nought, and a picture with it; so the
measured rows are kept, with floats rounded to three digits. `python -m tests.tui.measured` measures them again.
"""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from neurontui.store.journal.journal import Journal, read_manifest
from neurontui.store.journal.manifest import Manifest
from neurontui.store.merge.merge import merge

FOLDER = Path(__file__).parent / "measured"
EXAMPLES = 8
PICTURED = (187, 188, 100, 756)
"""Numbers of the neurons, in any layer, whose values at every token are kept."""


def write_measured(path: Path) -> Path:
    """A results file of the kept runs, through a journal and its merge as any run."""
    for kept in sorted(FOLDER.iterdir()):
        manifest = Manifest.from_json((kept / "manifest.json").read_text(encoding="utf-8"))
        tables = {each.stem: pq.read_table(each) for each in sorted(kept.glob("*.parquet"))}
        with Journal.open(path, replace(manifest, n_batches=1)) as journal:
            journal.write(0, tables, seconds=12.5, tokens=6_120)
        merge(journal.path, path)
    return path


def measure() -> None:
    """Run the demo's model on the first examples of two tasks, and keep what the journals hold."""
    from neurontui.compute import run as running
    from neurontui.compute.config import RunConfig
    from neurontui.compute.demo import DEMO_MODEL, demo_task
    from neurontui.tui.cli.progress_bar import ProgressBar

    with tempfile.TemporaryDirectory() as folder:
        fact = RunConfig(
            model=str(DEMO_MODEL),
            task=str(demo_task("fact")),
            out=Path(folder) / "results.duckdb",
            name="demo · fact",
            measures=("types",),
            thresholds=(0.0, 0.2, 0.5),
            max_new_tokens=6,
            device="cpu",
            limit=EXAMPLES,
            batch_examples=EXAMPLES,
        )
        inference = replace(
            fact,
            task=str(demo_task("xnli")),
            name="demo · xnli",
            measures=("types", "attribution", "ablation"),
            max_new_tokens=3,
            ablation_fractions=(0.25, 0.75),
            ablation_doses=(0.05,),
            ablation_seeds=2,
        )
        shutil.rmtree(FOLDER, ignore_errors=True)
        for number, config in enumerate((fact, inference)):
            target = FOLDER / f"{number}-{Path(config.task).stem}"
            running.merge = _keeping(target)
            running.run(config, ProgressBar())


def _keeping(target: Path) -> Any:
    def keep(journal: Path, results: Path, **options: Any) -> int:
        target.mkdir(parents=True)
        manifest = read_manifest(journal)
        assert manifest.n_batches == 1
        settled = replace(manifest, started="2026-01-15T09:30:00", device="cpu")
        (target / "manifest.json").write_text(settled.to_json() + "\n", encoding="utf-8")
        for batch in sorted(journal.iterdir()):
            for shard in sorted(batch.glob("*.parquet")) if batch.is_dir() else ():
                assert not (target / shard.name).exists(), shard.name
                _keep(pq.read_table(shard), target / shard.name)
        return merge(journal, results, **options)

    return keep


def _keep(table: pa.Table, path: Path) -> None:
    if path.stem == "neuron_token_values":  # of the neurons that the pictures show
        table = table.filter(pc.is_in(table.column("neuron"), pa.array(PICTURED, pa.int32())))
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type) or field.name == "activations":
            table = table.set_column(index, field, _rounded(table.column(index), field.type))
    pq.write_table(table, path, compression="zstd", compression_level=19)


def _rounded(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    """Three significant digits; missing values stay missing."""
    if pa.types.is_list(kind):
        return pa.array([[float(f"{value:.3g}") for value in values] for values in column.to_pylist()], kind)
    values = [None if value is None else float(f"{value:.3g}") for value in column.to_pylist()]
    return pa.array(values, kind)


if __name__ == "__main__":
    measure()
