"""Extraction with everything stored, beside the bare forward pass and what people would write instead.

All contenders get the same model, the same inputs and the same forward passes (padded alike), take turns in every
round, and must find the same signs. The table gives medians over the rounds, as ratios to the bare base model.

    python -m tests.benchmarks.extraction [--device cuda] [--rounds 5]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nnsight
import torch
from torch import Tensor

from neurontui.compute.measures.strongest import Strongest
from neurontui.compute.measures.device_masks import off_device
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.types import TypeCounts, mask_rows
from neurontui.compute.models.capture import CaptureOptions, capture
from neurontui.compute.models.forward import forward
from neurontui.compute.models.microbatches import by_length
from neurontui.compute.models.tokenise import Tokens, encode, pad
from neurontui.store.journal import Journal
from tests.benchmarks.workload import Workload, workload


@dataclass(frozen=True)
class Contender:
    """One way to get at the activations; gives the signs, (prompts, neurons) bool, or None for the bare pass."""

    name: str
    run: Callable[[], Tensor | None]


def contenders(work: Workload, folder: Path) -> list[Contender]:
    """All of them on one workload, the bare pass first."""
    return [
        Contender("base model, nothing read", lambda: bare(work)),
        Contender("neurontui, all measures, journal on disk", stored(work, folder)),
        Contender("neurontui, capture alone", lambda: captured(work)),
        Contender("plain hooks on the base model", lambda: plain_hooks(work, head=False)),
        Contender("plain hooks on the whole model", lambda: plain_hooks(work, head=True)),
        Contender("nnsight on the base model", lambda: by_nnsight(work, head=False)),
        Contender("nnsight on the whole model", lambda: by_nnsight(work, head=True)),
    ]


def passes(work: Workload) -> list[tuple[tuple[int, ...], Tokens]]:
    """The forward passes that all contenders run: rows of the batch, and their padded tokens."""
    encoded = encode(work.loaded, work.batch.prompts)
    plan = by_length(range(len(encoded)), [len(each) for each in encoded], work.token_budget)
    return [(rows, pad(work.loaded, [encoded[row] for row in rows])) for rows in plan]


@torch.inference_mode()
def bare(work: Workload) -> None:
    for _, tokens in passes(work):
        forward(work.loaded, tokens)


def options(work: Workload, *, any_token: bool) -> CaptureOptions:
    return CaptureOptions(token_budget=work.token_budget, any_token=any_token)


def captured(work: Workload) -> Tensor:
    found = capture(work.loaded, work.batch, options(work, any_token=False))
    return torch.cat([each.flatten(0, 1) > 0 for each in found.activations], dim=1).cpu()


def stored(work: Workload, folder: Path) -> Callable[[], Tensor]:
    """Masks, histograms of both scopes, token counts and strongest inputs, written to a journal."""
    strongest, layers = Strongest(), work.loaded.layers
    journal = Journal.open(folder / "results.duckdb", work.manifest)
    number = 0

    def run() -> Tensor:
        nonlocal number
        found = capture(work.loaded, work.batch, options(work, any_token=True))
        tables = types_tables(work.batch, found, layers, (0.0,))
        tables |= strongest.tables(work.batch, found, layers)
        journal.write(number, tables, 0.0, int(found.n_tokens.sum()))
        number += 1
        # Read back from what was written, not from what was captured.
        masks = torch.from_numpy(tables["activations"]["mask"].to_numpy().astype("int64"))
        bits = torch.arange(len(work.batch.languages))
        per_example = masks.view(len(work.batch.examples), 1, -1) >> bits[:, None] & 1
        return per_example.flatten(0, 1).bool()

    return run


@torch.inference_mode()
def plain_hooks(work: Workload, *, head: bool) -> Tensor:
    """What a researcher writes: a hook a layer keeps the output, signs are taken after the pass."""
    model = work.loaded.model if head else work.loaded.model.base_model
    signs = torch.empty(len(work.batch.prompts), work.n_neurons, dtype=torch.bool)
    seen: dict[int, Tensor] = {}

    def keep(index: int) -> Any:
        return lambda _, __, output: seen.update({index: output})

    acts = [work.loaded.model.get_submodule(path) for path in work.acts]
    handles = [act.register_forward_hook(keep(i)) for i, act in enumerate(acts)]
    for rows, tokens in passes(work):
        model(input_ids=tokens.ids, attention_mask=tokens.mask, use_cache=False)
        at = torch.arange(len(rows), device=tokens.last.device)
        last = [seen[i].view(len(rows), -1, seen[i].shape[-1])[at, tokens.last] for i in seen]
        signs[list(rows)] = (torch.cat(last, dim=1) > 0).cpu()
    for handle in handles:
        handle.remove()
    return signs


@torch.inference_mode()
def by_nnsight(work: Workload, *, head: bool) -> Tensor:
    model = work.loaded.model if head else work.loaded.model.base_model
    prefix = "" if head else f"{work.loaded.model.base_model_prefix}."
    paths = [path.removeprefix(prefix) for path in work.acts]
    wrapped = nnsight.NNsight(model)
    signs = torch.empty(len(work.batch.prompts), work.n_neurons, dtype=torch.bool)
    for rows, tokens in passes(work):
        at = torch.arange(len(rows), device=tokens.last.device)
        last = tokens.last
        inputs = {"input_ids": tokens.ids, "attention_mask": tokens.mask, "use_cache": False}
        with wrapped.trace(**inputs):
            seen = nnsight.save([wrapped.get(path).output[at, last] for path in paths])
        signs[list(rows)] = (torch.cat(list(seen), dim=1) > 0).cpu()
    return signs


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    model: str
    contender: str
    ratio: float
    milliseconds: float
    flips: int | None
    """Signs that differ from those of plain hooks on the whole model."""


def measure(work: Workload, rounds: int, folder: Path) -> list[Line]:
    """Every contender once to warm up, then in turns."""
    runners = contenders(work, folder)
    signs = {each.name: each.run() for each in runners}
    seconds: dict[str, list[float]] = {each.name: [] for each in runners}
    for _ in range(rounds):
        for each in runners:
            seconds[each.name].append(timed(each.run, work.loaded.device))
    reference = signs["plain hooks on the whole model"]
    base = seconds[runners[0].name]
    return [
        Line(
            model=work.name,
            contender=name,
            ratio=statistics.median(a / b for a, b in zip(taken, base, strict=True)),
            milliseconds=1000 * statistics.median(taken),
            flips=None if signs[name] is None else int((signs[name] != reference).sum()),
        )
        for name, taken in seconds.items()
    ]


def timed(run: Callable[[], object], device: str) -> float:
    """CPU seconds on the CPU, which other work on the machine does not change much; wall seconds on CUDA."""
    if device == "cpu":
        start = time.process_time()
        run()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def show(lines: Sequence[Line]) -> None:
    print("| model | contender | × base forward | ms a batch | signs that differ |")
    print("|---|---|---|---|---|")
    for each in lines:
        flips = "" if each.flips is None else str(each.flips)
        print(
            f"| {each.model} | {each.contender} | {each.ratio:.3f} | {each.milliseconds:.0f} | {flips} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hidden", type=int)
    arguments = parser.parse_args()
    lines: list[Line] = []
    for architecture in ("bloom", "llama"):
        with tempfile.TemporaryDirectory() as folder:
            work = workload(architecture, arguments.device, arguments.hidden)
            lines += measure(work, arguments.rounds, Path(folder))
    show(lines)


if __name__ == "__main__":
    main()
