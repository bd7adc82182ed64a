"""Extraction at the shape of BLOOMZ-7B on a GPU: random bfloat16 weights, built on the device from a configuration.

Examples a second, the share of the matrix products' peak measured on the same device, GPU memory, and whether journal
and merge keep up. One command: `make bench-gpu`; without a GPU, `--tiny` runs every line of it on the CPU.

    python -m tests.benchmarks.gpu [--device cuda] [--examples 256] [--tiny]
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from neurontui.compute.batch import Batch
from neurontui.compute.engines.local import measure_into
from neurontui.compute.measures.measurer import Measurer
from neurontui.compute.models.load.placement import device_name
from neurontui.compute.models.tokenize import encode
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.shards import batch_folder
from neurontui.store.merge.merge import merge
from tests.benchmarks.contenders import bare
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workload import Workload, batch_of, manifest_of, measurer, workload

KINDS = {
    "masks, histograms, token counts": {"measures": ("types",)},
    "the same at the last token only": {"measures": ("types",), "every_token": False},
    "with contribution scores": {"measures": ("types", "contribution")},
}


def wall(run: Callable[[], object], device: str) -> float:
    """Seconds until the device is done."""
    if device != "cpu":
        torch.cuda.synchronize()
    began = time.perf_counter()
    run()
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def matmul_peak(device: str, dtype: torch.dtype, size: int) -> float:
    """Floating point operations a second of large square products, the best of several."""
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    taken = [wall(lambda: left @ right, device) for _ in range(10)]
    return 2 * size**3 / min(taken)


def operations(work: Workload, batches: Sequence[Batch]) -> float:
    """Of the blocks' matrix products and of attention, for the real tokens of all prompts; pads do not count."""
    hidden = work.loaded.model.config.hidden_size
    per_token = 2 * work.loaded.facts.n_parameters
    lengths = [len(each) for batch in batches for each in encode(work.loaded, batch.prompts)]
    attention = 4 * hidden * len(work.loaded.layers) * sum(n * n for n in lengths)
    return per_token * sum(lengths) + attention


def table(work: Workload, batches: Sequence[Batch], peak: float, folder: Path) -> Iterator[str]:
    """Markdown, row by row."""
    device, needed = work.loaded.device, operations(work, batches)
    n_examples = sum(len(each.examples) for each in batches)
    yield "| what | examples/s | share of matmul peak | × base forward | M masks/s | device memory, GB |"
    yield "|---|---|---|---|---|---|"

    def line(what: str, seconds: float, base: float, memory: int) -> str:
        masks = n_examples * work.n_neurons / seconds / 1e6
        return (
            f"| {what} | {n_examples / seconds:.1f} | {needed / seconds / peak:.0%} "
            f"| {seconds / base:.3f} | {masks:.1f} | {memory / 1e9:.2f} |"
        )

    def forward() -> None:
        for batch in batches:
            bare(work, batch)

    forward()
    with peak_memory(device) as used:
        base = wall(forward, device)
    yield line("base model, no reading", base, base, used.bytes)
    for number, (what, options) in enumerate(KINDS.items()):
        # Strongest inputs are rarer the more a worker has seen, so this is its beginning: the dearest part of a run.
        measure = measurer(work, **options)
        with peak_memory(device) as used:
            seconds = wall(lambda measure=measure: unwritten(measure, batches), device)  # type: ignore[misc]
        yield line(f"{what}, not written", seconds, base, used.bytes)
        results = folder / f"results{number}.duckdb"
        with Journal.open(results, manifest_of(work.loaded, batches, str(number))) as journal:
            measure = measurer(work, **options)
            with peak_memory(device) as used:
                seconds = wall(
                    lambda m=measure, j=journal: written(m, batches, j),  # type: ignore[misc]
                    device,
                )
            yield line(f"{what}, in the journal", seconds, base, used.bytes)
        merging = wall(lambda j=journal, r=results: merge(j.path, r), "cpu")  # type: ignore[misc]
        rate = n_examples * work.n_neurons / merging / 1e6
        yield f"| {what}, its merge | | | {merging / base:.3f} | {rate:.1f} | |"


def unwritten(measure: Measurer, batches: Sequence[Batch]) -> None:
    for batch in batches:
        for _ in measure(batch):
            pass


def written(measure: Measurer, batches: Sequence[Batch], journal: Journal) -> None:
    for batch in batches:
        for _ in measure_into(batch_folder(journal.path, batch.number), measure, batch):
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--examples", type=int, default=256, help="in each of two batches")
    parser.add_argument("--tiny", action="store_true", help="a tiny model on the CPU, to try this out")
    given = parser.parse_args()
    if given.tiny:
        given.device, given.examples = "cpu", min(given.examples, 8)
    elif not torch.cuda.is_available():
        sys.exit("torch finds no usable GPU here; --tiny tries everything out on the CPU.")
    torch.manual_seed(0)
    shape = (64, 1, 2) if given.tiny else (4096, 1, 30)
    work = workload("bloom", given.device, *shape)
    peak = matmul_peak(given.device, work.loaded.torch_dtype, 256 if given.tiny else 8192)
    batches = [replace(batch_of(given.examples, random.Random(number)), number=number) for number in (0, 1)]
    print(f"{device_name(torch.device(given.device))} · torch {torch.__version__} · {work.name}")
    print(f"{work.loaded.facts.n_parameters / 1e9:.2f} billion parameters in blocks")
    print(f"matmul peak {peak / 1e12:.1f} TFLOP/s in {work.loaded.dtype}")
    with tempfile.TemporaryDirectory() as folder:
        for line in table(work, batches, peak, Path(folder)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
