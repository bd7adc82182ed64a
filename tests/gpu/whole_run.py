"""A run from a model's folder and a task file to the results file: interrupted and resumed, and on the CPU."""

import contextlib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from neurontui.compute.config import RunConfig
from neurontui.compute.progress import NullProgress
from neurontui.compute.run import Finished, run
from neurontui.queries.results import open_results
from neurontui.store.journal.position import Position
from tests.gpu.models import LANGUAGES, Setting, save_model, save_task
from tests.gpu.table import Mismatch

_N = 12
_EXACT = {
    "masks": "SELECT example, layer, neuron, mask FROM activations ORDER BY ALL",
    "answers": "SELECT example, language, prediction FROM examples ORDER BY ALL",
    "counts": "SELECT threshold, scope, fold, layer, mask, n FROM mask_histogram ORDER BY ALL",
}
_SUMS = (
    "SELECT sum(cs_sum) AS cs, sum(es_sum) AS es, max(es_max) AS most FROM attribution",
    "SELECT avg(answer_logprob) AS logprob, avg(n_ablated) AS n FROM ablation_examples",
)


class StopAfter(NullProgress):
    """Interrupts a run like Ctrl-C, after so many batches."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def show(self, position: Position) -> None:
        if any(level.name == "batch" and level.done == self.batches for level in position):
            raise KeyboardInterrupt


def resumed(setting: Setting) -> str:
    """A run that was interrupted and resumed stores what an uninterrupted one does, and the CPU's numbers."""
    folder = setting.folder / "run"
    folder.mkdir()
    model, task = save_model("bloom", setting.size, folder / "bloom"), save_task(folder, _N)
    config = RunConfig(
        model=str(model), task=str(task), out=folder / "resumed.duckdb", device=setting.device, dtype="float32",
        languages=LANGUAGES, measures=("types", "attribution", "ablation"), batch_examples=3, max_new_tokens=4,
        ablation_fractions=(0.25,), ablation_seeds=1, ablation_doses=(),
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        run(config, StopAfter(2))
        raise Mismatch("the run was not interrupted")
    batches = len(list(config.out.with_name(f"{config.out.name}.journal").rglob("batch-*")))
    finished = run(config, NullProgress())
    again = run(config, NullProgress())
    whole = replace(config, out=folder / "whole.duckdb")
    run(whole, NullProgress())
    cpu = replace(config, out=folder / "cpu.duckdb", device="cpu")
    run(cpu, NullProgress())
    _require_same(config.out, whole.out)
    return (
        f"{batches} batches kept at the interrupt; {_told(finished, again)}; {_against(config.out, cpu.out)}; "
        "resumed and uninterrupted: masks, answers and counts equal, sums within 1e-9"
    )


def _told(finished: Finished, again: Finished) -> str:
    if not finished.measured or again.measured:
        raise Mismatch("the resumed run was not measured, or a finished one was measured again")
    return f"{finished.n_examples} examples in the results file"


def _require_same(ours: Path, reference: Path) -> None:
    for name, sql in _EXACT.items():
        a, b = _rows(ours, sql), _rows(reference, sql)
        if not a.equals(b):
            raise Mismatch(f"{name} of the resumed run differ from those of the uninterrupted one")
    _sums(ours, reference, 1e-9)


def _against(ours: Path, reference: Path) -> str:
    a, b = (_rows(path, _EXACT["masks"]) for path in (ours, reference))
    other = sum(x != y for x, y in zip(a["mask"].to_pylist(), b["mask"].to_pylist(), strict=True))
    if other > 3 + len(a) // 10_000:
        raise Mismatch(f"{other} of {len(a)} masks differ from the CPU's")
    return f"{other} of {len(a):,} masks differ from the CPU's, sums ±{_sums(ours, reference, 2e-3):.0e}"


def _sums(ours: Path, reference: Path, tolerance: float) -> float:
    """The largest relative difference of totals."""
    worst = 0.0
    for sql in _SUMS:
        [a], [b] = _rows(ours, sql).to_pylist(), _rows(reference, sql).to_pylist()
        worst = max(worst, *(abs(a[name] - b[name]) / max(1e-12, abs(b[name])) for name in a))
    if worst > tolerance:
        raise Mismatch(f"totals differ by {worst:.1e}")
    return worst


def _rows(path: Path, sql: str) -> pa.Table:
    with open_results(path) as results:
        return results.sql(sql)
