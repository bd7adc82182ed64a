"""A tiny mixture of experts with shared experts, and a module of a test's choice behind their sum."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn
from transformers import AutoModelForCausalLM

from neurontui.compute.models.ffns.architectures import Stack, known_ffns
from tests.compute.tiny import randomise, save_tiny


class Behind(nn.Module):
    """Experts and shared experts, and what a test puts behind their sum."""

    def __init__(self, experts: nn.Module, behind: nn.Module) -> None:
        super().__init__()
        self.inner, self.shared, self.behind = experts, nn.Linear(32, 32), behind

    def forward(self, hidden: Tensor) -> Tensor:
        return self.behind(self.inner(hidden) + self.shared(hidden))


def mixture(tmp_path: Path, behind: Callable[[], nn.Module]):
    """A tiny Mixtral with something behind the sum of experts and shared experts."""
    model = AutoModelForCausalLM.from_pretrained(save_tiny("mixtral", tmp_path / "mixtral"))
    for layer in model.model.layers:
        layer.mlp = Behind(layer.mlp, behind())
    randomise(model)
    stack = Stack("layers", "mlp.inner", "act_fn", "down_proj", gate="gate_proj", experts="experts")
    return model.eval(), known_ffns(model, (stack,))
