"""Detect the FFNs of an architecture that is not in `architectures`, from one short forward pass.

An FFN is a nonlinearity and a matrix whose input is the nonlinearity's output A, or A times the output of another
matrix (gated). The result is accepted only if every block has exactly one FFN in the same place; else it is refused.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from neurontui.compute.models.ffn import FFN, neurons_of
from neurontui.compute.models.load.placement import input_device
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Layer

_PROBE_TOKENS = 7
_BLOCK = re.compile(r"^(?P<list>(?:.*?\.)?)(?P<position>\d+)\.(?P<inside>.+)$")


@dataclass(frozen=True)
class _Event:
    """A module that ran, with its input and output."""

    path: str
    module: nn.Module
    input: Tensor
    output: Tensor

    @property
    def parent(self) -> str:
        return self.path.rpartition(".")[0]


@dataclass(frozen=True)
class _Candidate:
    """Paths of the modules of a possible FFN."""

    act: str
    value: str
    gated: bool

    def place(self) -> tuple[str, int, str]:
        """The list of blocks, the block's position in it, and the place within the block."""
        act, value = _BLOCK.match(self.act), _BLOCK.match(self.value)
        if act is None or value is None or act["list"] != value["list"]:
            return "", 0, ""
        return act["list"], int(act["position"]), f"{act['inside']} {value['inside']} {self.gated}"


def search_ffns(model: Any) -> tuple[FFN, ...]:
    """The FFNs of any model, encoder first; raises ModelError if they are not certain."""
    architecture = model.config.model_type
    if any(path.endswith("experts") for path, _ in model.named_modules()):
        raise _refusal(architecture, "it routes tokens to experts")
    events = _watch(model)
    candidates = [_of_act(event, order, events) for order, event in enumerate(events) if _is_act(event)]
    stacks = _stacks([candidate for candidate in candidates if candidate is not None])
    if not stacks:
        raise _refusal(architecture, "no matrix takes the output of an activation module")
    _check(architecture, model, stacks)
    return _ffns(model, stacks)


def _refusal(architecture: str, why: str) -> ModelError:
    return ModelError(
        f"The FFNs of the architecture '{architecture}' cannot be identified with certainty ({why}), so nothing is "
        "measured; add it to compute/models/architectures.py, or choose a model of an architecture listed there."
    )


def _watch(model: Any) -> list[_Event]:
    """Every leaf module that ran in one short forward pass, in order."""
    events: list[_Event] = []

    def note(path: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            if args and isinstance(args[0], Tensor) and isinstance(output, Tensor):
                events.append(_Event(path, module, args[0].clone(), output.clone()))

        return hook

    ids = torch.arange(_PROBE_TOKENS, device=input_device(model))[None] + 4
    inputs = {"input_ids": ids}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = ids
    with ExitStack() as stack, torch.inference_mode():
        for path, module in model.named_modules():
            if not list(module.children()):
                stack.callback(module.register_forward_hook(note(path)).remove)
        try:
            model(**inputs, use_cache=False)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            why = f"a short forward pass fails: {error}"
            raise _refusal(model.config.model_type, why) from error
    return events


def _is_matrix(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, Conv1D))


def _is_act(event: _Event) -> bool:
    """Whether it is an elementwise module without weights that changes its input, so no dropout or identity."""
    weightless = not list(event.module.parameters())
    same_shape = event.input.shape == event.output.shape
    return weightless and same_shape and not torch.equal(event.input, event.output)


def _of_act(act: _Event, order: int, events: Sequence[_Event]) -> _Candidate | None:
    """The value matrix after an activation: the first matrix of the same parent whose input is A or A·up."""
    for event in events[order + 1 :]:
        if not _is_matrix(event.module) or event.parent != act.parent:
            continue
        if event.input.shape != act.output.shape:
            continue
        if torch.equal(event.input, act.output):
            return _Candidate(act.path, event.path, gated=False)
        if _is_gated(act, event, events):
            return _Candidate(act.path, event.path, gated=True)
    return None


def _is_gated(act: _Event, value: _Event, events: Sequence[_Event]) -> bool:
    width = act.output.shape[-1]
    for event in events:
        if event.parent != act.parent or not _is_matrix(event.module):
            continue
        for up in torch.split(event.output, width, -1):
            if up.shape == act.output.shape and torch.allclose(up * act.output, value.input):
                return True
    return False


def _stacks(candidates: Sequence[_Candidate]) -> dict[str, list[_Candidate]]:
    """Candidates by list of blocks."""
    stacks: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        stacks[candidate.place()[0]].append(candidate)
    return dict(sorted(stacks.items(), key=lambda item: _stack_name(item[0]) != "encoder"))


def _check(architecture: str, model: Any, stacks: dict[str, list[_Candidate]]) -> None:
    """Raise ModelError unless every block of every list has one FFN in the same place, and every list is one stack."""
    names = [_stack_name(path) for path in stacks]
    if "" in stacks or len(set(names)) != len(names):
        raise _refusal(architecture, "they are not in one list of blocks per stack")
    for path, candidates in stacks.items():
        blocks = len(model.get_submodule(path.rstrip(".")))
        if [candidate.place()[1] for candidate in candidates] != list(range(blocks)):
            raise _refusal(architecture, f"{len(candidates)} were found in {blocks} blocks")
        if len({candidate.place()[2] for candidate in candidates}) > 1:
            raise _refusal(architecture, "its blocks differ")


def _stack_name(path: str) -> str:
    return "encoder" if "encoder" in path.split(".") else "decoder"


def _ffns(model: Any, stacks: dict[str, list[_Candidate]]) -> tuple[FFN, ...]:
    ffns: list[FFN] = []
    for path, candidates in stacks.items():
        for position, candidate in enumerate(candidates):
            value = model.get_submodule(candidate.value)
            layer = Layer(len(ffns), _stack_name(path), position, neurons_of(value))
            ffns.append(FFN(layer, model.get_submodule(candidate.act), value, candidate.gated))
    return tuple(ffns)
