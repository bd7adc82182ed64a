"""Detect the FFNs of an architecture that is not in `architectures`, from one short forward pass.

An FFN is a nonlinearity and a matrix whose input is the nonlinearity's output A, or A times the output of another
matrix (gated), or a norm of these; or the experts of a block, with or without a shared expert. The result is accepted
only if every block has exactly one FFN in the same place; else it is refused.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from neurontui.compute.models.ffns.detect_mixtures import build_mixture, find_experts, route_experts
from neurontui.compute.models.ffns.ffn import FFN, neurons_of
from neurontui.compute.models.ffns.functional_acts import give_modules, watching
from neurontui.compute.models.load.placement import input_device
from neurontui.store.errors import ModelError
from neurontui.store.journal.manifest import Layer

_PROBE_TOKENS = 7
_FFN_BLOCKS = frozenset({"mlp", "moe"})
"""Kinds of blocks that are only an FFN, as in Nemotron-H."""
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
class _Dense:
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

    def build(self, model: Any, number: int, stack: str, position: int) -> FFN:
        """The FFN, as layer `number` of the run."""
        value = model.get_submodule(self.value)
        layer = Layer(number, stack, position, neurons_of(value))
        return FFN(layer, model.get_submodule(self.act), value, self.gated)


@dataclass(frozen=True)
class _Mixture:
    """Path of the experts of a block, with the shared expert beside them."""

    experts: str
    shared: _Dense | None

    def place(self) -> tuple[str, int, str]:
        """As above; the kind of block is part of the place, because a model can have dense blocks too."""
        experts = _BLOCK.match(self.experts)
        if experts is None:
            return "", 0, ""
        beside = "" if self.shared is None else self.shared.place()[2]
        return experts["list"], int(experts["position"]), f"experts {experts['inside']} {beside}"

    def build(self, model: Any, number: int, stack: str, position: int) -> FFN:
        """The FFN, as layer `number` of the run."""
        layer = (number, stack, position)
        if self.shared is None:
            return build_mixture(model, self.experts, layer, None, "")
        shared = self.shared.build(model, *layer)
        return build_mixture(model, self.experts, layer, shared, self.shared.value.rpartition(".")[0])


_Candidate = _Dense | _Mixture


def search_ffns(model: Any) -> tuple[FFN, ...]:
    """The FFNs of any model, encoder first; raises ModelError if they are not certain."""
    architecture = model.config.model_type
    experts = find_experts(model)
    if unknown := [path for path, is_known in experts.items() if not is_known]:
        structure = type(model.get_submodule(unknown[0])).__name__
        raise _refusal(architecture, f"it routes tokens to experts of an unknown structure, {structure}")
    _separate_activations(model)
    events = _watch(model)
    candidates = [_of_act(event, order, events) for order, event in enumerate(events) if _is_act(event)]
    dense = [candidate for candidate in candidates if candidate is not None]
    stacks = _stacks(_with_mixtures(architecture, dense, list(experts)))
    if not stacks:
        raise _refusal(architecture, _why_none(model, events))
    _check(architecture, model, stacks)
    return _ffns(model, stacks)


def _why_none(model: Any, events: Sequence[_Event]) -> str:
    """Why no candidate was found, with the parts of the blocks that have matrices or nonlinearities."""
    inside = [event for event in events if _BLOCK.match(event.path)]
    matrices = _parents(model, [event for event in inside if _is_matrix(event.module)])
    acts = _parents(model, [event for event in inside if _is_act(event) and _is_elementwise(event)])
    takes = "no matrix takes the output of a nonlinearity, alone or times that of another matrix"
    if len(matrices) == 1:
        return f"its blocks have one part with matrices, {matrices[0]}, in which {takes}, so they have no FFN"
    where = f"; nonlinearities run in {' and '.join(acts)}" if acts else ""
    return f"the matrices of its blocks are in {' and '.join(matrices) or 'no module'}, and {takes}{where}"


def _parents(model: Any, events: Sequence[_Event]) -> list[str]:
    return sorted({type(model.get_submodule(event.parent)).__name__ for event in events})


@torch.no_grad()
def _is_elementwise(event: _Event) -> bool:
    """Whether a number of the output depends on one number of the input, unlike in a softmax or a norm."""
    half = event.input.shape[-1] // 2
    try:
        # Vectorized functions round differently at other widths.
        return torch.allclose(event.module(event.input[..., :half]), event.output[..., :half], rtol=0.01, atol=0.001)
    except (RuntimeError, ValueError, TypeError, IndexError):
        return False


def _separate_activations(model: Any) -> None:
    """Give each place its own activation module: some models share one, or call functions instead."""
    seen: set[int] = set()
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if id(child) in seen and not list(child.children()) and not list(child.parameters()):
                setattr(parent, name, deepcopy(child))
            seen.add(id(child))
    with watching(model) as watch:
        _run(model)
    give_modules(model, watch)


def _with_mixtures(architecture: str, dense: Sequence[_Dense], experts: Sequence[str]) -> list[_Candidate]:
    """The candidates in the order of blocks, where FFNs inside a block of experts are its shared expert."""
    mixtures: list[_Candidate] = []
    shared: set[_Dense] = set()
    for path in experts:
        block = path.rpartition(".")[0]
        beside = [candidate for candidate in dense if candidate.value.startswith(f"{block}.")]
        if len(beside) > 1:
            raise _refusal(architecture, "several FFNs are beside its experts")
        mixtures.append(_Mixture(path, beside[0] if beside else None))
        shared.update(beside)
    alone = [candidate for candidate in dense if candidate not in shared]
    return sorted([*alone, *mixtures], key=lambda candidate: candidate.place()[:2]) if mixtures else list(dense)


def _refusal(architecture: str, why: str) -> ModelError:
    return ModelError(
        f"The FFNs of the architecture '{architecture}' cannot be identified with certainty ({why}), so nothing is "
        "measured; add it to compute/models/ffns/architectures.py, or choose a model of an architecture listed there."
    )


def _watch(model: Any) -> list[_Event]:
    """Every leaf module that ran in one short forward pass, in order."""
    events: list[_Event] = []

    def note(path: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            if args and isinstance(args[0], Tensor) and isinstance(output, Tensor):
                events.append(_Event(path, module, args[0].clone(), output.clone()))

        return hook

    with ExitStack() as stack:
        for path, module in model.named_modules():
            if not list(module.children()):
                stack.callback(module.register_forward_hook(note(path)).remove)
        _run(model)
    return events


@torch.inference_mode()
def _run(model: Any) -> None:
    """One short forward pass."""
    ids = torch.arange(_PROBE_TOKENS, device=input_device(model))[None] + 4
    inputs = {"input_ids": ids}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = ids
    try:
        model(**inputs, use_cache=False)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        why = f"a short forward pass fails: {error}"
        raise _refusal(model.config.model_type, why) from error


def _is_matrix(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, Conv1D))


def _is_act(event: _Event) -> bool:
    """Whether it is an elementwise module that changes its input, so no dropout or identity.

    It may have scalars for parameters, as xIELU has, but no weights by neuron, as norms have.
    """
    weightless = all(parameter.numel() == 1 for parameter in event.module.parameters())
    same_shape = event.input.shape == event.output.shape
    return weightless and same_shape and not torch.equal(event.input, event.output)


def _of_act(act: _Event, order: int, events: Sequence[_Event]) -> _Dense | None:
    """The value matrix after an activation: the first matrix whose input is A, or of the same parent A·up."""
    for event in events[order + 1 :]:
        if not _is_matrix(event.module) or event.input.shape != act.output.shape:
            continue
        if event.parent != act.parent:  # as in BERT, where two modules of a block are the FFN
            if not _is_elementwise(act):
                continue
            plain = torch.equal(event.input, act.output)
            if plain or _is_gated(act, event.input, events):
                return _Dense(act.path, event.path, gated=not plain)
            continue
        for taken in _through_norm(event, events):
            if torch.equal(taken, act.output):
                return _Dense(act.path, event.path, gated=taken is not event.input)
            if _is_gated(act, taken, events):
                return _Dense(act.path, event.path, gated=True)
    return None


def _through_norm(value: _Event, events: Sequence[_Event]) -> Iterator[Tensor]:
    """The input of a matrix, and that of the norm of the same parent that returned it, as in BitNet."""
    yield value.input
    for event in events:
        weighted = (
            event.parent == value.parent and bool(list(event.module.parameters())) and not _is_matrix(event.module)
        )
        if weighted and event.output.shape == value.input.shape and torch.equal(event.output, value.input):
            yield event.input


def _is_gated(act: _Event, taken: Tensor, events: Sequence[_Event]) -> bool:
    width = act.output.shape[-1]
    for event in events:
        if event.parent != act.parent or not _is_matrix(event.module):
            continue
        for up in torch.split(event.output, width, -1):
            if up.shape == act.output.shape and torch.allclose(up * act.output, taken):
                return True
    return False


def _stacks(candidates: Sequence[_Candidate]) -> dict[str, list[_Candidate]]:
    """Candidates by list of blocks."""
    stacks: dict[str, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        stacks[candidate.place()[0]].append(candidate)
    if len(stacks) > 1:
        stacks.pop("", None)  # a head or an embedding with a nonlinearity
    return dict(sorted(stacks.items(), key=lambda item: _stack_name(item[0]) != "encoder"))


def _check(architecture: str, model: Any, stacks: dict[str, list[_Candidate]]) -> None:
    """Raise ModelError unless every block of every list has one FFN in the same place, and every list is one stack."""
    names = [_stack_of(model, path) for path in stacks]
    if "" in stacks or len(set(names)) != len(names):
        raise _refusal(architecture, "they are not in one list of blocks per stack")
    for path, candidates in stacks.items():
        blocks = len(model.get_submodule(path.rstrip(".")))
        if [candidate.place()[1] for candidate in candidates] != _blocks_with_ffn(model.config, blocks):
            beside = ", some beside experts" if any(isinstance(item, _Mixture) for item in candidates) else ""
            where = ", ".join(dict.fromkeys(candidate.place()[2].split(" ")[1] for candidate in candidates))
            raise _refusal(architecture, f"{len(candidates)} were found in {blocks} blocks{beside}: {where}")
        places = {(type(candidate), candidate.place()[2]) for candidate in candidates}
        if len(places) > len({kind for kind, _ in places}):
            raise _refusal(architecture, "its blocks differ")


def _blocks_with_ffn(config: Any, blocks: int) -> list[int]:
    """All blocks, or those that the configuration declares to be an FFN where others are attention or a state."""
    kinds = getattr(config, "layers_block_type", None) or ()
    if len(kinds) == blocks and _FFN_BLOCKS & set(kinds):
        return [position for position, kind in enumerate(kinds) if kind in _FFN_BLOCKS]
    return list(range(blocks))


def _stack_of(model: Any, path: str) -> str:
    """The only stack of a model is its decoder, also where its modules are named after an encoder, as in X-MOD."""
    return _stack_name(path) if model.config.is_encoder_decoder else "decoder"


def _stack_name(path: str) -> str:
    return next((part for part in path.split(".") if part in ("encoder", "decoder")), "decoder")


def _ffns(model: Any, stacks: dict[str, list[_Candidate]]) -> tuple[FFN, ...]:
    ffns: list[FFN] = []
    for path, candidates in stacks.items():
        for position, candidate in enumerate(candidates):
            ffns.append(candidate.build(model, len(ffns), _stack_of(model, path), position))
    route_experts(model, ffns)
    return tuple(ffns)
