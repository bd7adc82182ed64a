"""Give nonlinearities that a module calls as functions a module of their own, so that hooks can read and change A.

The module's forward method runs as it is, in a mode of torch that passes calls of the function to the new module.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from transformers.pytorch_utils import Conv1D

FUNCTIONS = (functional.silu, functional.gelu, functional.relu, torch.relu)
_NAME = "neurontui_act"


class FunctionalAct(nn.Module):
    """A nonlinearity that the parent calls as a function; returns A, (…, d_m)."""

    def __init__(self, function: Callable[..., Tensor], options: dict[str, Any]) -> None:
        super().__init__()
        self.function, self.options = function, options

    def forward(self, before: Tensor) -> Tensor:
        """Activations of the pre-activations, elementwise."""
        return self.function(before, **self.options)


class _Redirect(TorchFunctionMode):
    """Passes calls of one function to a module."""

    def __init__(self, act: FunctionalAct) -> None:
        super().__init__()
        self.act = act

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is self.act.function:
            return self.act(args[0] if args else kwargs["input"])
        return function(*args, **(kwargs or {}))


class _Watch(TorchFunctionMode):
    """Notes calls of FUNCTIONS with the module that makes them."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[nn.Module] = []
        self.calls: list[tuple[nn.Module, Any, dict[str, Any]]] = []

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in FUNCTIONS and self.running and len(args) == 1:
            options = {name: value for name, value in (kwargs or {}).items() if name != "inplace"}
            self.calls.append((self.running[-1], function, options))
        return function(*args, **(kwargs or {}))


@contextmanager
def watching(model: Any) -> Iterator[_Watch]:
    """Context of a forward pass in which function calls are noted."""
    watch = _Watch()

    def enter(module: nn.Module, _args: Any) -> None:
        watch.running.append(module)

    def leave(_module: nn.Module, _args: Any, _output: Any) -> None:
        watch.running.pop()

    handles = []
    for module in model.modules():
        handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave, always_call=True)]
    try:
        with watch:
            yield watch
    finally:
        for handle in handles:
            handle.remove()


def give_modules(model: Any, watch: _Watch) -> None:
    """Insert a module for each nonlinearity that a module of a block, with two or more matrices, calls once."""
    in_blocks = {
        id(module) for path, module in model.named_modules() if any(part.isdigit() for part in path.split("."))
    }
    times = Counter(id(module) for module, _, _ in watch.calls)
    chosen = [
        call
        for call in watch.calls
        if times[id(call[0])] == 1 and id(call[0]) in in_blocks and _n_matrices(call[0]) > 1
    ]
    for module, function, options in chosen:
        act = FunctionalAct(function, options)
        setattr(module, _NAME, act)
        module.forward = partial(_redirected, module.forward, act)


def _n_matrices(module: nn.Module) -> int:
    return sum(isinstance(child, (nn.Linear, Conv1D)) for child in module.children())


def _redirected(forward: Callable[..., Any], act: FunctionalAct, *args: Any, **kwargs: Any) -> Any:
    with _Redirect(act):
        return forward(*args, **kwargs)
