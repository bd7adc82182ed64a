"""Decide the precision and device of a model, with a reason. Both are recorded with the run.

On the CPU: float32, because half precision is slow there and flips signs near zero.
On CUDA: the checkpoint's own dtype, because that is the model as published; a float32 checkpoint of more than
LARGE parameters is read as bfloat16, which has float32's range and half its size.
Options of the user take precedence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from neurontui.store.errors import ModelError

DTYPES = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "float64": torch.float64,
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
LARGE = 2_000_000_000


@dataclass(frozen=True)
class Placement:
    """Device and precision of a model."""

    device: torch.device
    dtype: torch.dtype | None
    """None: the dtype in which the weights are stored."""
    reason: str
    """Two sentences: device and precision, each with the reason if it was not requested."""


def place(
    device: str | None,
    dtype: str | None,
    stored: torch.dtype | None,
    count_parameters: Callable[[], int],
) -> Placement:
    """Decide for a checkpoint whose weights are `stored` (None: unknown from its configuration)."""
    where, reason = _device(device)
    if dtype is not None:
        return Placement(where, _dtype(dtype), f"{reason} Precision: {dtype}.")
    if where.type == "cpu":
        return Placement(where, torch.float32, f"{reason} Precision: float32.")
    if stored is torch.float32 and (count := count_parameters()) > LARGE:
        size = f"{count / 1e9:.1f} billion float32 parameters"
        return Placement(where, torch.bfloat16, f"{reason} Precision: bfloat16 (the checkpoint has {size}).")
    return Placement(where, stored, f"{reason} Precision: as stored in the checkpoint.")


def device_name(device: torch.device) -> str:
    """Cpu, or the name of the GPU as reported by its driver."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def input_device(model: Any) -> torch.device:
    """Device of a model's token ids; `device_map` may put blocks on other devices, or weights on disk."""
    embedding = model.get_input_embeddings()
    executes = getattr(getattr(embedding, "_hf_hook", None), "execution_device", None)
    device: torch.device = embedding.weight.device if executes is None else torch.device(executes)
    return device


def _dtype(name: str) -> torch.dtype:
    if name not in DTYPES:
        raise ModelError(f"dtype '{name}' is not supported; choose one of {', '.join(DTYPES)}.")
    return DTYPES[name]


def _device(name: str | None) -> tuple[torch.device, str]:
    if name is None:
        if torch.cuda.is_available():
            return torch.device("cuda:0"), "Device: cuda:0."
        return torch.device("cpu"), "Device: cpu (no GPU found)."
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ModelError(f"'{name}' is not a device; use cpu, cuda or cuda:1.") from error
    if device.type == "cuda":
        return _cuda(device), f"Device: {name}."
    if device.type != "cpu":
        raise ModelError(f"Device '{name}' is not supported; use cpu, cuda or cuda:1.")
    return device, "Device: cpu."


def _cuda(device: torch.device) -> torch.device:
    if not torch.cuda.is_available():
        raise ModelError(
            "CUDA was requested, but torch finds no usable GPU; use --device cpu, or check the driver with nvidia-smi."
        )
    index, count = device.index or 0, torch.cuda.device_count()
    if index >= count:
        raise ModelError(f"There is no {device}: torch sees {count} GPU(s), counted from 0.")
    return torch.device("cuda", index)
