"""The forward passes that every program of the benchmarks runs, without any reading: what others are compared with."""

from collections.abc import Iterator

import torch

from neurontui.compute.batch import Batch
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.compute.models.prompts.tokenize import Tokens, encode, pad
from tests.benchmarks.workload import Workload


def passes(work: Workload, batch: Batch) -> Iterator[tuple[tuple[int, ...], Tokens]]:
    """Rows of the batch, and their padded tokens."""
    encoded = encode(work.loaded, batch.prompts)
    lengths = [len(prompt) for prompt in encoded]
    groups = work.loaded.groups(lengths)
    for rows in by_length(range(len(encoded)), lengths, groups, work.token_budget):
        yield rows, pad(work.loaded, [encoded[row] for row in rows])


@torch.inference_mode()
def bare(work: Workload, batch: Batch) -> None:
    """The base model alone."""
    for _, tokens in passes(work, batch):
        forward(work.loaded, tokens)
