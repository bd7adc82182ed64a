"""One FFN of a model: the module that returns its activations and the matrix that uses them.

Independent of architectures; `architectures` and `detect_ffns` determine the modules.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from neurontui.compute.models.ffns.norms import Write
from neurontui.compute.models.passes.active_tokens import count_active
from neurontui.compute.models.passes.token_sums import Statistic, sum_tokens
from neurontui.store.errors import MeasureError, ModelError
from neurontui.store.journal.manifest import Layer


@dataclass(frozen=True)
class Where:
    """Where activations of one stack are read in one pass of B prompts, padded to T tokens."""

    rows: Tensor
    """(B,) rows of the batch in this pass."""
    token: Tensor
    """(B,) index of the token of measurement."""
    real: Tensor | None
    """(B, T) bool: real tokens; None if all tokens are real."""
    n_tokens: int | None = None
    """T, if an FFN that runs at other positions is to be refused."""


@dataclass(frozen=True)
class FFN:
    """`FFN(x) = Σ_i w_i v_i + b` over its d_m neurons, where w is the input of `value`."""

    layer: Layer
    act: nn.Module
    """The nonlinearity. Its output is A, (…, d_m); its input is the pre-activation."""
    value: nn.Module
    """The value matrix W_V. Its input is A, or act(gate) · up where gated."""
    gated: bool
    """Whether w differs from A."""
    write: Write = field(default=Write(), kw_only=True, compare=False)
    """How the output is added to the residual stream."""

    def written_vectors(self, neurons: list[int] | None = None) -> Tensor:
        """What each v_i adds to the residual stream, (d_m, H) float32: γ ⊙ v_i behind a norm, without its scale.

        neurons: only these, (n, H).
        """
        values = self.value_vectors()
        return self.write.vectors(values if neurons is None else values[neurons])

    @property
    def writer(self) -> nn.Module:
        """The module whose output is the FFN's: Σ_i w_i v_i + b, (…, H)."""
        return self.value

    @property
    def parts(self) -> "tuple[FFN, ...]":
        """FFNs with activations of their own whose outputs add up to this one's; their neurons follow one another."""
        return (self,)

    def parts_with_columns(self) -> "Iterator[tuple[FFN, slice]]":
        """Each part, and where its neurons are among the d_m of this FFN."""
        start = 0
        for part in self.parts:
            yield part, slice(start, start + part.layer.n_neurons)
            start += part.layer.n_neurons

    def value_vectors(self) -> Tensor:
        """Rows v_i of W_V, (d_m, H) float32, on the device of the weights; a view where they are float32."""
        weight = parameter(self.value, "weight")
        assert weight is not None
        return (weight if isinstance(self.value, Conv1D) else weight.T).float()

    def value_bias(self) -> Tensor | None:
        """Bias of the value matrix, (H,) float32, or None."""
        bias = parameter(self.value, "bias")
        return None if bias is None else bias.float()

    def at_token(self, value: Tensor, where: Where) -> Tensor:
        """(B, d_m): copy of a value of `act` or `value` at the token of measurement."""
        return at_token(value, where)

    def run_at_token(self, value: Tensor, where: Where) -> Tensor:
        """The same for the neurons that ran: all of them, except in a mixture of experts."""
        return self.at_token(value, where)

    def at_every_token(self, value: Tensor, where: Where, rows: Tensor, neurons: Tensor) -> Tensor:
        """(N, T): a value of `act` or `value` at every token. rows: (N,) prompts of the pass; neurons: (N,)."""
        return _by_row(value, where)[rows, :, neurons]

    def weighed(self, value: Tensor) -> Tensor:
        """Weights of the value vectors in the FFN's output, from the input of `value`."""
        return value

    def count_active(self, value: Tensor, threshold: float, where: Where) -> Tensor:
        """(B, d_m) int32: number of real tokens at which a value of `act` or `value` exceeds a threshold."""
        return count_active(_by_row(value, where), threshold, where.real)

    def sum_tokens(self, value: Tensor, counted: Tensor, statistics: Sequence[Statistic]) -> Tensor:
        """(S, d_m) float64: sum of each statistic of a value of `act` or `value` over tokens. counted: (B, T) bool."""
        return sum_tokens(value.reshape(-1, value.shape[-1]), counted.flatten(), statistics)

    def sum_by_input(self, value: Tensor, counted: Tensor) -> Tensor:
        """(B, d_m) float32: sum of a value of `act` or `value` over the counted tokens of each input."""
        by_row = value.reshape(*counted.shape, -1).float()
        return torch.bmm(counted.float()[:, None], by_row)[:, 0]


def at_token(value: Tensor, where: Where) -> Tensor:
    """(B, …): copy of a value with one row per token, at the token of measurement."""
    by_row = _by_row(value, where)
    return by_row[torch.arange(len(by_row), device=value.device), where.token]


def _by_row(value: Tensor, where: Where) -> Tensor:
    """(B, T, d_m), also for OPT, whose FFNs get (B·T, d_m); raises MeasureError if there are other positions."""
    by_row = value.reshape(len(where.rows), -1, value.shape[-1])
    if where.n_tokens is not None and by_row.shape[1] != where.n_tokens:
        raise MeasureError(
            f"The model runs its FFNs at {by_row.shape[1]} positions for prompts of {where.n_tokens} tokens, because "
            "it adds positions of its own, so activations cannot be assigned to tokens; choose another model."
        )
    return by_row


def neurons_of(value: nn.Module) -> int:
    """d_m of a value matrix; the weight is (d_m, H) in Conv1D and (H, d_m) in Linear."""
    weight = value.get_parameter("weight")
    return int(weight.shape[0 if isinstance(value, Conv1D) else 1])


def parameter(module: nn.Module, name: str) -> Tensor | None:
    """A parameter of a module, detached; an offloaded one is fetched from accelerate."""
    value = getattr(module, name, None)
    if not isinstance(value, Tensor):
        return None
    if value.is_meta:
        weights = getattr(getattr(module, "_hf_hook", None), "weights_map", None)
        if weights is None:
            raise ModelError(
                f"The {name} of a {type(module).__name__} is not in memory; load the model without device_map."
            )
        value = weights[name]
    return value.detach()
