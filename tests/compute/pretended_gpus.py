"""GPUs that are pretended: tensors that say they are on cuda:0 or cuda:1, and compute on the CPU.

An operation between tensors of different devices fails as it does with CUDA, and so does `.numpy()`. It finds code that
forgets to move a tensor, without a GPU. It finds no wrong kernel and no rounding.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import torch
from accelerate.utils import send_to_device
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from neurontui.compute.models.loaded_model import LoadedModel

_CPU = torch.device("cpu")
_MOVES = {"aten::_to_copy", "aten::copy_", "aten::to"}
_INDEXED = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_unsafe_index", "aten::_index_put_impl_"}


class OnGPU(Tensor):
    """A tensor that says it is on a GPU."""

    values: Tensor
    """The same on the CPU."""

    @staticmethod
    def __new__(cls, values: Tensor, device: torch.device) -> "OnGPU":
        with torch.inference_mode(mode=False):  # an inference tensor cannot be detached
            made: OnGPU = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
                cls, values.size(), strides=values.stride(), storage_offset=values.storage_offset(),
                dtype=values.dtype, device=device, requires_grad=False,
            )  # fmt: skip
        made.values = values
        return made

    def tolist(self) -> Any:
        return self.values.tolist()

    def __repr__(self, **_: Any) -> str:
        return f"{self.values!r} on {self.device}"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _GPUs(TorchDispatchMode):
    """Makes new tensors on the pretended GPUs."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


@contextmanager
def pretended_gpus() -> Iterator[None]:
    """Context in which cuda:0 and cuda:1 can be used as devices."""
    patched = {
        "_lazy_init": lambda: None, "get_device_capability": lambda _=None: (9, 0), "current_stream": mock.MagicMock(),
    }  # fmt: skip
    torch._C._ensureCUDADeviceGuardSet()  # where there is no driver, switching to a device does nothing
    only_cpu = torch._C._only_lift_cpu_tensors()
    with ExitStack() as stack:
        for name, value in patched.items():
            stack.enter_context(mock.patch.object(torch.cuda, name, value))
        torch._C._set_only_lift_cpu_tensors(True)
        stack.callback(torch._C._set_only_lift_cpu_tensors, only_cpu)
        stack.enter_context(_GPUs())
        yield


def on_gpu(values: Tensor, device: str) -> Tensor:
    """A copy of a tensor or parameter on a pretended GPU."""
    copy = OnGPU(values.detach().clone(), torch.device(device))
    copy._is_param = isinstance(values, nn.Parameter)  # type: ignore[attr-defined]
    return copy


def move(loaded: LoadedModel, n_gpus: int) -> LoadedModel:
    """The model on pretended GPUs, in place; on two, the second half of its blocks and its head are on cuda:1."""
    late = _late(loaded.model) if n_gpus > 1 else set()
    moved: dict[int, Tensor] = {}  # tied weights stay one tensor, on the device of the first
    for module in loaded.model.modules():
        device = "cuda:1" if id(module) in late else "cuda:0"
        for kept in (module._parameters, module._buffers):
            for key, value in kept.items():
                if value is not None:
                    kept[key] = moved.setdefault(id(value), on_gpu(value, device))  # type: ignore[assignment]
    if n_gpus > 1:
        _move_inputs(loaded.model)
    return replace(loaded, device="cuda:0")


def _late(model: nn.Module) -> set[int]:
    """Identities of the modules in the second half of each stack, and of the head."""
    stacks = [list(module) for module in model.modules() if isinstance(module, nn.ModuleList)]
    late = [block for blocks in stacks if len(blocks) > 1 for block in blocks[len(blocks) // 2 :]]
    return {id(inner) for module in (*late, model.get_output_embeddings()) for inner in module.modules()}  # type: ignore[operator]


def _move_inputs(model: nn.Module) -> None:
    """As a device map does: inputs of a module go to the device of its weights, outputs of the model to the first."""
    blocks = [block for module in model.modules() if isinstance(module, nn.ModuleList) for block in module]
    leaves = [module for module in model.modules() if any(True for _ in module.parameters(recurse=False))]
    for module in (*blocks, *leaves):
        device = next(module.parameters()).device

        def before(_: Any, args: Any, kwargs: Any, device: torch.device = device) -> Any:
            return send_to_device(args, device), send_to_device(kwargs, device)

        module.register_forward_pre_hook(before, with_kwargs=True, prepend=True)
    model.register_forward_hook(lambda _module, _args, output: send_to_device(output, torch.device("cuda:0")))


def _run(func: Any, args: Any, kwargs: Any) -> Any:
    name = func._schema.name
    if name == "aten::_fused_sdp_choice":
        return 0  # plain products, which exist for every device
    leaves = tree_leaves((args, kwargs))
    tensors = [value for value in leaves if isinstance(value, Tensor)]
    _require_one_device(name, args, tensors)
    devices = [value for value in leaves if isinstance(value, torch.device)]
    if not devices or name == "aten::copy_":
        devices = [tensor.device for tensor in tensors if name == "aten::copy_" or tensor.is_cuda] or [_CPU]
    unpinned = {"pin_memory": False} if "pin_memory" in kwargs else {}
    if name == "aten::histc":  # counts integers on a GPU only
        args = (args[0].float(), *args[1:])
    own = {id(tensor.values): tensor for tensor in tensors if isinstance(tensor, OnGPU)}
    result = func(*tree_map(_on_cpu, args), **tree_map(_on_cpu, kwargs | unpinned))
    return tree_map(lambda value: _placed(value, devices[0], own), result)


def _require_one_device(name: str, args: Any, tensors: list[Tensor]) -> None:
    if name in _MOVES:
        return
    devices = {tensor.device for tensor in tensors if tensor.dim() > 0 or tensor.device.type == "cuda"}
    if name in _INDEXED and args[0].device.type == "cuda":
        devices.discard(torch.device("cpu"))  # indices of a GPU's tensor may be on the CPU
    if len(devices) > 1:
        names = ", ".join(sorted(map(str, devices)))
        raise RuntimeError(f"{name}: all tensors must be on the same device, but these are on {names}")


def _on_cpu(value: Any) -> Any:
    if isinstance(value, torch.device):
        return _CPU
    return value.values if isinstance(value, OnGPU) else value


def _placed(value: Any, device: torch.device, own: dict[int, OnGPU]) -> Any:
    """A result: an argument that was changed in place, a tensor on the device, or any other value."""
    if not isinstance(value, Tensor) or isinstance(value, OnGPU):
        return value
    argument = own.get(id(value))
    if argument is not None and argument.device == device:
        return argument
    moved = value if argument is None else value.clone()
    return OnGPU(moved, device) if device.type == "cuda" else moved
