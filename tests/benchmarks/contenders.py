"""Ways to get at the activations of a batch: neurontui's, and what people would use instead.

All get the same model, the same inputs and the same forward passes, padded alike. Each call of a contender does the
work; what it returns is asked for the signs, (prompts, neurons) bool, outside of any clock.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nnsight
import pyarrow.parquet as pq
import torch
from torch import Tensor

from neurontui.compute.batch import Batch
from neurontui.compute.engines.local import measure_into
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from tests.benchmarks.bare_pass import bare, passes
from tests.benchmarks.workload import Workload, measurer

Signs = Callable[[], Tensor]
Run = Callable[[Batch], Signs | None]


@dataclass(frozen=True)
class Contender:
    """One way; the bare pass has no signs."""

    name: str
    run: Run


def contenders(work: Workload, folder: Path) -> list[Contender]:
    """All of them on one workload, the bare pass first, the reference for signs last."""
    found = [
        Contender("base model, no reading", lambda batch: bare(work, batch)),
        Contender("neurontui, everything stored", stored(work, folder / "all", every_token=True)),
        Contender("neurontui, last token only, stored", stored(work, folder / "last", every_token=False)),
        Contender("neurontui, capture alone", lambda batch: captured(work, batch)),
        Contender("nnsight, base model", by_nnsight(work, head=False)),
        Contender("nnsight, with LM head", by_nnsight(work, head=True)),
    ]
    with suppress(ModuleNotFoundError):
        from tests.benchmarks.lens import by_lens

        found.append(Contender("TransformerLens, with LM head", by_lens(work, folder / "model")))
    return [
        *found,
        Contender("plain hooks, base model", lambda batch: plain_hooks(work, batch, head=False)),
        Contender("plain hooks, with LM head", lambda batch: plain_hooks(work, batch, head=True)),
    ]


def captured(work: Workload, batch: Batch) -> Signs:
    options = CaptureOptions(token_budget=work.token_budget, any_token=False)
    found = capture(work.loaded, batch, options)
    return lambda: torch.cat([each.flatten(0, 1) > 0 for each in found.activations], dim=1).cpu()


def stored(work: Workload, folder: Path, *, every_token: bool) -> Run:
    """Masks, histograms, strongest inputs, and with every token also the scope `any` and token counts, on disk."""
    measure, number = measurer(work, every_token=every_token), 0

    def run(batch: Batch) -> Signs:
        nonlocal number
        number += 1
        shards = folder / f"batch-{number:06d}"
        measure_into(shards, measure, batch)
        return lambda: _read_back(shards, batch)

    return run


def _read_back(shards: Path, batch: Batch) -> Tensor:
    """Signs from what lies on disk."""
    rows = pq.read_table(shards / "activations.parquet")
    by_example = rows.sort_by([(name, "ascending") for name in ("example", "layer", "neuron")])
    masks = by_example["mask"].to_numpy().astype("int64")
    bits = torch.arange(len(batch.languages))[:, None]
    per_example = torch.from_numpy(masks).view(len(batch.examples), 1, -1) >> bits & 1
    return per_example.flatten(0, 1).bool()


@torch.inference_mode()
def plain_hooks(work: Workload, batch: Batch, *, head: bool) -> Signs:
    """What a researcher writes: a hook a layer keeps the output, signs are taken after the pass."""
    model = work.loaded.model if head else work.loaded.model.base_model
    signs = torch.empty(len(batch.prompts), work.n_neurons, dtype=torch.bool)
    seen: dict[int, Tensor] = {}

    def keep(index: int) -> Any:
        return lambda _, __, output: seen.update({index: output})

    acts = [work.loaded.model.get_submodule(path) for path in work.acts]
    handles = [act.register_forward_hook(keep(i)) for i, act in enumerate(acts)]
    for rows, tokens in passes(work, batch):
        model(input_ids=tokens.ids, attention_mask=tokens.mask, use_cache=False)
        at = torch.arange(len(rows), device=tokens.last.device)
        last = [seen[i].view(len(rows), -1, seen[i].shape[-1])[at, tokens.last] for i in seen]
        signs[list(rows)] = (torch.cat(last, dim=1) > 0).cpu()
    for handle in handles:
        handle.remove()
    return lambda: signs


def by_nnsight(work: Workload, *, head: bool) -> Run:
    model = work.loaded.model if head else work.loaded.model.base_model
    prefix = "" if head else f"{work.loaded.model.base_model_prefix}."
    paths = [path.removeprefix(prefix) for path in work.acts]

    @torch.inference_mode()
    def run(batch: Batch) -> Signs:
        wrapped = nnsight.NNsight(model)
        signs = torch.empty(len(batch.prompts), work.n_neurons, dtype=torch.bool)
        for rows, tokens in passes(work, batch):
            at = torch.arange(len(rows), device=tokens.last.device)
            last = tokens.last
            inputs = {"input_ids": tokens.ids, "attention_mask": tokens.mask, "use_cache": False}
            with wrapped.trace(**inputs):
                seen = nnsight.save([wrapped.get(path).output[at, last] for path in paths])
            signs[list(rows)] = (torch.cat(list(seen), dim=1) > 0).cpu()
        return lambda: signs

    return run
