"""One short forward pass that records what goes into the modules of each block after its FFN, and what comes out.

The output of a module can be replaced in it. Blocks then still return their recorded output, so that the inputs of all
blocks stay the same and what changes in a block is due to the replacement in that block.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.load.placement import input_device

_TOKENS = 7


@dataclass(frozen=True)
class Place:
    """A module inside a block: the value matrix of its FFN, or a norm behind it."""

    module: nn.Module
    block: nn.Module


@dataclass(frozen=True)
class Event:
    """A module that ran in the block after the place, with its input and output as rows, (T, H); None for the block."""

    module: nn.Module | None
    input: Tensor
    output: Tensor | None


@dataclass
class Record:
    """What happened at a place and after it."""

    output: Tensor | None = None
    """(T, H) of the place's module."""
    events: list[Event] = field(default_factory=list)
    """In order; the last one has the output of the block as its input."""
    block_output: Tensor | None = None
    """In its own shape."""

    @property
    def is_finite(self) -> bool:
        """Whether the outputs of the place and of its block have no infinite or NaN value."""
        outputs = (output for output in (self.output, self.block_output) if output is not None)
        return all(bool(output.isfinite().all()) for output in outputs)

    def after(self, event: Event) -> "Record":
        """The record of the place where this event's module is."""
        start = next(index for index, other in enumerate(self.events) if other is event)
        return Record(event.output, self.events[start + 1 :], self.block_output)


def blocks_of(model: Any) -> dict[int, nn.Module]:
    """The block that each module is in, by id: the outermost element of a list of modules."""
    block_of: dict[int, nn.Module] = {}
    for modules in model.modules():
        if isinstance(modules, nn.ModuleList):
            for block in modules:
                if not isinstance(block, nn.ModuleList):
                    for module in block.modules():
                        block_of.setdefault(id(module), block)
    return block_of


@torch.no_grad()
def run_probe(
    model: Any,
    places: Sequence[Place],
    replacements: Mapping[int, Tensor] | None = None,
    block_outputs: Mapping[int, Tensor] | None = None,
) -> list[Record]:
    """Records of all places, from the model without its LM head.

    replacements: by place (T, H) instead of the output of its module. block_outputs: by place, for its block.
    """
    records = [Record() for _ in places]
    with ExitStack() as stack:
        for index, (place, record) in enumerate(zip(places, records, strict=True)):
            replacement = (replacements or {}).get(index)
            stack.callback(place.module.register_forward_hook(_at_place(record, replacement)).remove)
            for module in place.block.modules():
                if module is not place.block and module is not place.module:
                    hook = module.register_forward_hook(_after(record, module), with_kwargs=True)
                    stack.callback(hook.remove)
            restored = (block_outputs or {}).get(index)
            stack.callback(place.block.register_forward_hook(_at_block(record, restored)).remove)
        model.base_model(**_inputs(model), use_cache=False)
    return records


def _inputs(model: Any) -> dict[str, Tensor]:
    ids = torch.arange(_TOKENS, device=input_device(model))[None] + 4
    return {"input_ids": ids, "decoder_input_ids": ids} if model.config.is_encoder_decoder else {"input_ids": ids}


def _at_place(record: Record, replacement: Tensor | None) -> Callable[..., Any]:
    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        first = _first(output)
        if first is None:
            return None
        if replacement is not None:
            first = replacement.to(first.dtype).view_as(first).clone()
        record.output = _rows(first)
        return _with_first(output, first)

    return hook


def _after(record: Record, module: nn.Module) -> Callable[..., None]:
    def hook(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        value = next((item for item in (*args, *kwargs.values()) if isinstance(item, Tensor)), None)
        if record.output is not None and value is not None and value.numel() == record.output.numel():
            same = isinstance(output, Tensor) and output.numel() == value.numel()
            width = record.output.shape[-1]
            event = Event(module, _rows(value, width), _rows(output, width) if same else None)
            record.events.append(event)

    return hook


def _at_block(record: Record, restored: Tensor | None) -> Callable[..., Any]:
    def hook(_module: nn.Module, _args: Any, output: Any) -> Any:
        first = _first(output)
        if record.output is None or first is None or first.numel() != record.output.numel():
            return None
        record.block_output = first.clone()
        record.events.append(Event(None, _rows(first, record.output.shape[-1]), None))
        return None if restored is None else _with_first(output, restored)

    return hook


def _first(output: Any) -> Tensor | None:
    """The hidden states that a module returns, alone or before other values; None if it returns none."""
    first = output[0] if isinstance(output, (tuple, list)) and output else output
    return first if isinstance(first, Tensor) else None


def _with_first(output: Any, first: Tensor) -> Any:
    return type(output)([first, *output[1:]]) if isinstance(output, (tuple, list)) else first


def _rows(value: Tensor, width: int | None = None) -> Tensor:
    """(T, H): a copy, because later modules may change it in place."""
    return value.reshape(-1, width or value.shape[-1]).clone()
