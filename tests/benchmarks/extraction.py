"""Extraction with everything stored, beside the bare forward pass and what people would use instead.

Contenders take turns in every round, each round on new prompts, and must find the same signs. Medians over the rounds,
as ratios to the bare base model in the same round.

    python -m tests.benchmarks.extraction [--device cuda] [--rounds 5]
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch

from tests.benchmarks.contenders import contenders
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workload import Workload, batch_of, workload

T = TypeVar("T")


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    model: str
    contender: str
    ratio: float
    milliseconds: float
    peak: int
    """Bytes of memory beyond the loaded model, at most in any round."""
    flips: int | None
    """Signs that differ from those of plain hooks on the whole model, over all rounds."""


def measure(work: Workload, rounds: int, folder: Path) -> list[Line]:
    """Every contender once to warm up, then in turns."""
    runners = contenders(work, folder)
    seconds: dict[str, list[float]] = {each.name: [] for each in runners}
    flips: dict[str, int | None] = dict.fromkeys(seconds)
    peaks: dict[str, int] = dict.fromkeys(seconds, 0)
    for number in range(rounds + 1):
        batch = batch_of(len(work.batch.examples), random.Random(number))
        found = {}
        for each in runners:
            with peak_memory(work.loaded.device) as peak:
                taken, found[each.name] = timed(partial(each.run, batch), work.loaded.device)
            if number:
                seconds[each.name].append(taken)
                peaks[each.name] = max(peaks[each.name], peak.bytes)
        signs = {name: each() for name, each in found.items() if each is not None}
        reference = signs[runners[-1].name]
        for name, each in signs.items():
            flips[name] = (flips[name] or 0) + int((each != reference).sum())
    base = seconds[runners[0].name]
    return [
        Line(
            model=work.name,
            contender=name,
            ratio=statistics.median(a / b for a, b in zip(taken, base, strict=True)),
            milliseconds=1000 * statistics.median(taken),
            peak=peaks[name],
            flips=flips[name],
        )
        for name, taken in seconds.items()
    ]


def timed(run: Callable[[], T], device: str) -> tuple[float, T]:
    """CPU seconds on the CPU, which other work on the machine does not change much; wall seconds on CUDA."""
    if device == "cpu":
        start = time.process_time()
        result = run()
        return time.process_time() - start, result
    torch.cuda.synchronize()
    start = time.perf_counter()
    result = run()
    torch.cuda.synchronize()
    return time.perf_counter() - start, result


def table(device: str, rounds: int, hidden: int | None = None) -> Iterator[str]:
    """Markdown, row by row; an ungated and a gated model."""
    yield "| model | program | × base forward | ms per batch | peak memory, MB | signs that differ |"
    yield "|---|---|---|---|---|---|"
    for architecture in ("bloom", "llama"):
        with tempfile.TemporaryDirectory() as folder:
            for each in measure(workload(architecture, device, hidden), rounds, Path(folder)):
                flips = "" if each.flips is None else str(each.flips)
                yield (
                    f"| {each.model} | {each.contender} | {each.ratio:.3f} | {each.milliseconds:.0f} "
                    f"| {each.peak / 1e6:.0f} | {flips} |"
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hidden", type=int)
    arguments = parser.parse_args()
    for line in table(arguments.device, arguments.rounds, arguments.hidden):
        print(line)


if __name__ == "__main__":
    main()
