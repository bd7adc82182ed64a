"""Run passages through a model, and sum what every neuron does over their tokens, and the loss of a sample of them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.forward import forward, forward_with_head, head_at_places
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.passes.token_sums import Statistic, above, below, square, value
from neurontui.compute.models.prompts.passages import Passage, counted_tokens
from neurontui.compute.models.prompts.tokenize import Tokens, pad
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.journal.manifest import Layer

LOSS_EVERY = 32
"""The loss of one in this many tokens is measured: the output layer over all tokens would dominate a small model."""
OF_ACTIVATION = ("n_active", "a_sum", "a_sumsq")
OF_WEIGHT = ("n_positive", "n_negative", "w_sum", "w_sumsq")
COLUMNS = (*OF_ACTIVATION, *OF_WEIGHT)
"""Columns of neuron_activity, in the order of the rows of `Sums.neurons`."""


@dataclass
class Sums:
    """Sums over some passages of one language."""

    neurons: list[Tensor]
    """Per measured FFN (7, d_m) float64, in the order of COLUMNS."""
    n_tokens: int = 0
    losses: Tensor = field(default_factory=lambda: torch.zeros(3, dtype=torch.float64))
    """(3,): number of measured losses, their sum and the sum of their squares."""

    def add(self, other: "Sums") -> None:
        """Add the sums of other passages."""
        self.neurons = [mine + others for mine, others in zip(self.neurons, other.neurons, strict=True)]
        self.n_tokens += other.n_tokens
        self.losses = self.losses + other.losses

    @property
    def finite(self) -> bool:
        """Whether no activation and no loss was infinite or NaN."""
        return all(bool(sums.isfinite().all()) for sums in (*self.neurons, self.losses))


def measured_ffns(loaded: LoadedModel) -> tuple[FFN, ...]:
    """The FFNs that read a text: those of the encoder, if there is one, because a corpus has no answers to write."""
    measured = measured_layers(loaded.layers)
    return tuple(ffn for ffn in loaded.ffns if ffn.layer in measured)


def measured_layers(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Their layers, of all layers of a model."""
    return tuple(layer for layer in layers if layer.stack == "encoder") or layers


def no_sums(loaded: LoadedModel) -> Sums:
    """The sums over no passage."""
    widths = [ffn.layer.n_neurons for ffn in measured_ffns(loaded)]
    return Sums([torch.zeros(len(COLUMNS), width, dtype=torch.float64) for width in widths])


@torch.inference_mode()
def sum_passages(
    loaded: LoadedModel, passages: Sequence[Passage], threshold: float, budget: int, progress: Phase = SILENT
) -> Sums:
    """Sums over passages of one language, in passes of at most `budget` tokens."""
    total, ffns = no_sums(loaded), measured_ffns(loaded)
    recorder, passes = _Recorder(ffns, threshold), progress.within("pass")

    def step(rows: Rows) -> None:
        chosen = [passages[row] for row in rows]
        tokens = pad(loaded, [passage.encoded for passage in chosen])
        recorder.begin(counted_tokens(loaded, tokens))
        with followed(ffns, passes):
            losses = read_passages(loaded, tokens, _sampled(chosen, recorder.counted))
        total.add(Sums([sums.cpu() for sums in recorder.sums], int(recorder.counted.sum()), losses))

    with recorder.hooks():
        lengths = [len(passage) for passage in passages]
        run_halving(lengths, loaded.groups(lengths), budget, step, passes)
    return total


def _sampled(passages: Sequence[Passage], counted: Tensor) -> Tensor:
    """(B, T) bool: counted tokens whose loss is measured, a regular sample that does not depend on the passes."""
    offsets = torch.tensor([passage.text + passage.place for passage in passages], device=counted.device)
    positions = torch.arange(counted.shape[1], device=counted.device)
    return counted & ((positions[None] + offsets[:, None]) % LOSS_EVERY == 0)


def read_passages(loaded: LoadedModel, tokens: Tokens, sampled: Tensor) -> Tensor:
    """One forward pass; returns number, sum and sum of squares of the losses of the sampled tokens, in nats.

    An encoder predicts no next token, so it has no loss.
    """
    nothing = torch.zeros(3, dtype=torch.float64)
    if loaded.encoder_decoder:
        loaded.model.get_encoder()(input_ids=tokens.ids, attention_mask=tokens.mask)
        return nothing
    rows, positions = sampled.nonzero(as_tuple=True)
    if loaded.encoder_only or not len(rows):
        forward(loaded, tokens)
        return nothing
    with head_at_places(loaded.model, rows, positions - 1):
        [logits] = forward_with_head(loaded, tokens)
    target = tokens.ids[rows, positions].to(logits.device)
    losses = nn.functional.cross_entropy(logits.float(), target, reduction="none").double().cpu()
    return torch.stack([torch.tensor(len(losses)).double(), losses.sum(), losses.square().sum()])


@dataclass
class _Recorder:
    """Sums of one pass, of the tokens given to `begin`."""

    ffns: tuple[FFN, ...]
    threshold: float
    counted: Tensor = field(init=False)
    sums: list[Tensor] = field(init=False)
    """Per FFN (7, d_m) float64, on its device."""

    def begin(self, counted: Tensor) -> None:
        """Start a pass. counted: (B, T) bool."""
        self.counted = counted
        self.sums = [torch.zeros(0)] * len(self.ffns)

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Context with active hooks; they are removed at its end, also after an error."""
        with ExitStack() as stack:
            for index, ffn in enumerate(self.ffns):
                for part, columns in ffn.parts_with_columns():
                    on_act = self._on_act(index, part, columns)
                    stack.callback(part.act.register_forward_hook(on_act).remove)
                    if part.gated:
                        on_value = self._on_value(index, part, columns)
                        stack.callback(part.value.register_forward_pre_hook(on_value).remove)
            yield

    def _on_act(self, index: int, part: FFN, columns: slice) -> Any:
        of_activation: list[Statistic] = [above(self.threshold), value, square]
        of_both = [*of_activation, above(0.0), below(0.0)]

        def hook(_: nn.Module, _args: tuple[Tensor, ...], output: Tensor) -> None:
            if part.gated:
                self._keep(index, columns, slice(0, 3), self._sum(part, output, of_activation))
                return
            n_active, total, squares, positive, negative = self._sum(part, output, of_both)
            rows = torch.stack([n_active, total, squares, positive, negative, total, squares])
            self._keep(index, columns, slice(0, 7), rows)

        return hook

    def _on_value(self, index: int, part: FFN, columns: slice) -> Any:
        of_weight: list[Statistic] = [above(0.0), below(0.0), value, square]

        def hook(_: nn.Module, args: tuple[Tensor, ...]) -> None:
            self._keep(index, columns, slice(3, 7), self._sum(part, part.weighed(args[0]), of_weight))

        return hook

    def _sum(self, part: FFN, values: Tensor, statistics: Sequence[Statistic]) -> Tensor:
        return part.sum_tokens(values, self.counted.to(values.device), statistics)

    def _keep(self, index: int, columns: slice, rows: slice, sums: Tensor) -> None:
        if not self.sums[index].numel():
            n_neurons = self.ffns[index].layer.n_neurons
            self.sums[index] = sums.new_zeros(len(COLUMNS), n_neurons)
        self.sums[index][rows, columns] = sums
