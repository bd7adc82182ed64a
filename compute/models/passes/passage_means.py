"""Mean activation of every neuron over the counted tokens of passages."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.corpus_pass import measured_ffns, read_passages
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.passages import Passage, counted_tokens
from neurontui.compute.models.prompts.tokenize import pad
from neurontui.compute.progress import SILENT, Phase


@torch.inference_mode()
def passage_means(
    loaded: LoadedModel, passages: Sequence[Passage], product: bool, budget: int, progress: Phase = SILENT
) -> NDArray[np.float32]:
    """(passages, neurons): mean of A over the counted tokens of each passage, 0 without any.

    product: A of a gated FFN is act(gate)·up.
    """
    ffns, passes = measured_ffns(loaded), progress.within("pass")
    starts = np.cumsum([0, *(ffn.layer.n_neurons for ffn in ffns)])
    means = np.zeros((len(passages), starts[-1]), np.float32)
    current: list[tuple[Rows, Tensor]] = []

    def keep(index: int, part: FFN, columns: slice, values: Tensor) -> None:
        [(rows, counted)] = current
        sums = part.sum_by_input(values, counted.to(values.device)).cpu()
        n_tokens = counted.sum(1, keepdim=True).cpu().clamp(min=1)
        means[list(rows), starts[index] + columns.start : starts[index] + columns.stop] = (sums / n_tokens).numpy()

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [passages[row].encoded for row in rows])
        counted = counted_tokens(loaded, tokens)
        current[:] = [(rows, counted)]
        with followed(ffns, passes):
            read_passages(loaded, tokens, torch.zeros_like(counted))

    with ExitStack() as stack:
        for index, ffn in enumerate(ffns):
            for part, columns in ffn.parts_with_columns():
                stack.callback(_hook(index, part, columns, keep, product))
        lengths = [len(passage) for passage in passages]
        run_halving(lengths, loaded.groups(lengths), budget, step, passes)
    return means


def _hook(index: int, part: FFN, columns: slice, keep: Any, product: bool) -> Any:
    """Give A of a part to `keep` whenever it runs; returns what removes the hook."""
    if product and part.gated:

        def on_value(_: nn.Module, args: tuple[Tensor, ...]) -> None:
            keep(index, part, columns, part.weighed(args[0]))

        return part.value.register_forward_pre_hook(on_value).remove

    def on_act(_: nn.Module, _args: tuple[Tensor, ...], output: Tensor) -> None:
        keep(index, part, columns, output)

    return part.act.register_forward_hook(on_act).remove
