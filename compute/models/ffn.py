"""One FFN of a model as every measure sees it: where its activations come out and where they go in.

Knows no architecture: `architectures` and `finder` say which modules these are.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from neurontui.store.errors import ModelError
from neurontui.store.manifest import Layer


@dataclass(frozen=True)
class FFN:
    """`FFN(x) = Σ_i w_i v_i + b` over its d_m neurons, where w is the input of `value`."""

    layer: Layer
    act: nn.Module
    """The nonlinearity. Its output is A, (…, d_m); its input is the pre-activation."""
    value: nn.Module
    """The value matrix W_V. Its input is A, or act(gate) · up where gated."""
    gated: bool

    def value_vectors(self) -> Tensor:
        """Rows v_i of W_V, (d_m, H) float32, on the device of the weights; a view where they are float32."""
        weight = parameter(self.value, "weight")
        assert weight is not None
        return (weight if isinstance(self.value, Conv1D) else weight.T).float()

    def value_bias(self) -> Tensor | None:
        """Bias of the value matrix, (H,) float32, or None."""
        bias = parameter(self.value, "bias")
        return None if bias is None else bias.float()


def neurons_of(value: nn.Module) -> int:
    """d_m of a value matrix: Conv1D keeps its weight as (d_m, H), Linear as (H, d_m)."""
    weight = value.get_parameter("weight")
    return int(weight.shape[0 if isinstance(value, Conv1D) else 1])


def parameter(module: nn.Module, name: str) -> Tensor | None:
    """A parameter of a module, detached, fetched from where accelerate keeps it when it is offloaded."""
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
