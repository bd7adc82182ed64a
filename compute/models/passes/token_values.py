"""Run prompts through a model and record the activity of chosen neurons at every token."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN, Where
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, pad
from neurontui.compute.progress import SILENT, Phase

Whole = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Neurons:
    """N pairs of a prompt and a neuron, (N,) each, in the order of the prompts."""

    row: Whole
    """Index of the prompt."""
    layer: Whole
    neuron: Whole


@dataclass
class _TokenRecorder:
    """Fills `values` with A at every token of the pairs whose prompts are in the current pass."""

    ffns: tuple[FFN, ...]
    pairs: Neurons
    product: bool
    starts: Whole
    """(N + 1,) where the tokens of each pair begin in `values`."""
    values: NDArray[np.float32] = field(init=False)
    _where: dict[str, Where] = field(init=False, default_factory=dict)
    _chosen: Whole = field(init=False)
    _rows: Whole = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.empty(self.starts[-1], np.float32)

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Context with active hooks; they are removed at its end, also after an error."""
        with ExitStack() as stack:
            for ffn in self.ffns:
                for part, columns in ffn.parts_with_columns():
                    if self.product and part.gated:
                        stack.callback(part.value.register_forward_pre_hook(self._on_value(ffn, part, columns)).remove)
                    else:
                        stack.callback(part.act.register_forward_hook(self._on_act(ffn, part, columns)).remove)
            yield

    def begin(self, rows: Rows, where: dict[str, Where]) -> None:
        """The prompts of the next pass."""
        first = np.searchsorted(self.pairs.row, rows, side="left")
        last = np.searchsorted(self.pairs.row, rows, side="right")
        self._where = where
        self._chosen = np.concatenate([np.arange(low, high) for low, high in zip(first, last, strict=True)])
        self._rows = np.repeat(np.arange(len(rows)), last - first)

    def _on_act(self, ffn: FFN, part: FFN, columns: slice) -> Any:
        def hook(_: nn.Module, _args: tuple[Tensor, ...], output: Tensor) -> None:
            self._keep(ffn, part, columns, output)

        return hook

    def _on_value(self, ffn: FFN, part: FFN, columns: slice) -> Any:
        def hook(_: nn.Module, args: tuple[Tensor, ...]) -> None:
            self._keep(ffn, part, columns, part.weighed(args[0]))

        return hook

    def _keep(self, ffn: FFN, part: FFN, columns: slice, value: Tensor) -> None:
        layer, neuron = self.pairs.layer[self._chosen], self.pairs.neuron[self._chosen]
        mine = (layer == ffn.layer.layer) & (neuron >= columns.start) & (neuron < columns.stop)
        if not mine.any():
            return
        pairs = self._chosen[mine]
        rows = torch.from_numpy(self._rows[mine]).to(value.device)
        neurons = torch.from_numpy((neuron[mine] - columns.start).astype(np.int64)).to(value.device)
        values = part.at_every_token(value, self._where[ffn.layer.stack], rows, neurons).float().cpu().numpy()
        places = self.starts[pairs][:, None] + np.arange(values.shape[1])
        real = places < self.starts[pairs + 1][:, None]
        self.values[places[real]] = values[real]


@torch.inference_mode()
def token_values(
    loaded: LoadedModel,
    encoded: Sequence[Encoded],
    pairs: Neurons,
    *,
    product: bool = False,
    token_budget: int = 4096,
    progress: Phase = SILENT,
) -> tuple[NDArray[np.float32], Whole]:
    """A of each pair at every token that its stack reads, one after the other, and where each pair begins, (N + 1,).

    Pairs are sorted by row. product: A of a gated FFN is act(gate)·up.
    """
    lengths = np.array([n_read(loaded, prompt) for prompt in encoded])
    encoders = np.array([ffn.layer.stack == "encoder" for ffn in loaded.ffns])
    of_pair = lengths[pairs.row, np.where(encoders[pairs.layer], 0, 1)]
    recorder = _TokenRecorder(loaded.ffns, pairs, product, np.concatenate([[0], np.cumsum(of_pair)]))
    passes = progress.within("pass")

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [encoded[row] for row in rows])
        recorder.begin(rows, _where(loaded, tokens))
        with followed(loaded.ffns, passes):
            forward(loaded, tokens)

    with recorder.hooks():
        sizes = [len(prompt) for prompt in encoded]
        run_halving(sizes, loaded.groups(sizes), token_budget, step, passes)
    return recorder.values, recorder.starts


def n_read(loaded: LoadedModel, prompt: Encoded) -> tuple[int, int]:
    """Number of tokens that the encoder reads, and that the decoder reads, of a prompt."""
    return len(prompt), len(prompt.opening) if loaded.encoder_decoder else len(prompt)


def _where(loaded: LoadedModel, tokens: Tokens) -> dict[str, Where]:
    """The prompts of a pass by stack; the token of measurement does not matter here."""
    rows = torch.arange(len(tokens.ids))
    whole = Where(rows, rows, None, tokens.ids.shape[1])
    if not loaded.encoder_decoder:
        return {"encoder": whole, "decoder": whole}
    return {"encoder": whole, "decoder": Where(rows, rows, None, tokens.opening.shape[1])}
