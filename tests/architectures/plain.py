"""Plain PyTorch: a model as transformers makes it, one unpadded prompt at a time, with hooks of its own.

Nothing of neurontui runs here. Every module's inputs and outputs are kept, and the activations of experts are put
together from transformers' own loop over experts.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class Calls:
    """What one module got and returned, call by call."""

    inputs: list[tuple[Any, ...]] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)

    @property
    def last_input(self) -> Tensor:
        """(d,): at the last token."""
        return _last(self.inputs[0][0])

    @property
    def last_output(self) -> Tensor:
        """(d,): at the last token."""
        return _last(self.outputs[0])


Record = dict[str, Calls]
"""By path of the module."""


def _last(value: Tensor) -> Tensor:
    return value.reshape(-1, value.shape[-1])[-1]


@torch.no_grad()
def run(model: Any, ids: list[int]) -> Record:
    """All modules in one pass over one prompt; the decoder of an encoder-decoder runs its first step."""
    record: Record = {}

    def keep(path: str) -> Callable[..., None]:
        def hook(_module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            first = output[0] if isinstance(output, tuple) and output else output
            if isinstance(first, Tensor):
                calls = record.setdefault(path, Calls())
                calls.inputs.append(tuple(item.clone() if isinstance(item, Tensor) else item for item in args))
                calls.outputs.append(first.clone())

        return hook

    with ExitStack() as stack:
        for path, module in model.named_modules():
            stack.callback(module.register_forward_hook(keep(path)).remove)
        run_once(model, ids)
    return record


def run_once(model: Any, ids: list[int]) -> None:
    """One pass over one prompt; the decoder of an encoder-decoder runs its first step."""
    model(**_inputs(model, ids), **({"use_cache": False} if model.can_generate() else {}))


def _inputs(model: Any, ids: list[int]) -> dict[str, Tensor]:
    inputs = {"input_ids": torch.tensor([ids])}
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[model.config.decoder_start_token_id]])
    return inputs


@torch.no_grad()
def continued(model: Any, ids: list[int], n: int) -> list[int]:
    """The `n` most likely next tokens, one at a time, each by a pass of its own without a cache."""
    inputs = _inputs(model, ids)
    grown = "decoder_input_ids" if model.config.is_encoder_decoder else "input_ids"
    start = inputs[grown].shape[1]
    for _ in range(n):
        token = model(**inputs, use_cache=False).logits[0, -1].argmax()
        inputs[grown] = torch.cat([inputs[grown], token.view(1, 1)], dim=1)
    return [int(token) for token in inputs[grown][0, start:]]


def experts_at_last(record: Record, path: str, n_experts: int) -> Tensor:
    """Activations of all experts at the last token, (experts · d_ff,); 0 for those that it is not routed to.

    transformers' loop calls `act_fn` once per expert with tokens, in ascending order, on these tokens in order.
    """
    index = record[path].inputs[0][1]
    last = len(index) - 1
    hit = [expert for expert in range(n_experts) if (index == expert).any()]
    activations = record[f"{path}.act_fn"].outputs
    rows = torch.zeros(n_experts, activations[0].shape[-1])
    for expert, active in zip(hit, activations, strict=True):
        tokens = torch.where((index == expert).T)[1].tolist()
        if last in tokens:
            rows[expert] = active[tokens.index(last)]
    return rows.flatten()


def dense_experts_at_last(record: Record, path: str) -> Tensor:
    """The same for experts that all run on every token; `act_fn` returns (experts, tokens, d_ff)."""
    return record[f"{path}.act_fn"].outputs[0][:, -1].flatten()


@torch.no_grad()
def functional_experts_at_last(record: Record, path: str, experts: Any) -> Tensor:
    """The same from the weights of experts that call their nonlinearity as a function.

    It is gate · sigmoid(α · gate), with the gate clamped from above; GPT-OSS has every second column for a gate.
    """
    hidden, index = record[path].inputs[0][:2]
    down = experts.down_proj
    rows = torch.zeros(len(down), down.shape[1] if experts.is_transposed else down.shape[2])
    limit = getattr(experts, "limit", getattr(experts, "swiglu_limit", float("inf")))
    alpha = getattr(experts, "alpha", getattr(experts, "swiglu_alpha", 1.0))
    for expert in index[-1].tolist():
        matrix = experts.gate_up_proj[expert] if experts.is_transposed else experts.gate_up_proj[expert].T
        gate_up = hidden[-1] @ matrix
        if experts.has_bias:
            gate_up = gate_up + experts.gate_up_proj_bias[expert]
        gate = (gate_up.chunk(2)[0] if experts.is_concatenated else gate_up[0::2]).clamp(max=limit)
        rows[expert] = gate / (1 + torch.exp(-alpha * gate))
    return rows.flatten()


@torch.no_grad()
def without_biases_at_last(record: Record, path: str, experts: Any) -> Tensor:
    """Output of experts at the last token without the biases of their value matrices, (H,)."""
    index, weight = record[path].inputs[0][1:]
    return record[path].last_output - weight[-1] @ experts.down_proj_bias[index[-1]]


def functional_at_last(record: Record, value: str) -> Tensor:
    """Activations where a module calls its nonlinearity as a function, from the matrices beside the value matrix.

    They are the one of silu, gelu and relu of one matrix that gives the value matrix's input, alone or times another.
    """
    parent = value.rpartition(".")[0]
    taken = record[value].last_input
    beside = [
        calls.last_output
        for path, calls in record.items()
        if path.rpartition(".")[0] == parent and calls.outputs[0].shape[-1] == len(taken)
    ]
    tanh_gelu = partial(nn.functional.gelu, approximate="tanh")
    for act in (nn.functional.silu, nn.functional.gelu, tanh_gelu, nn.functional.relu):
        for before in beside:
            for factor in (*beside, torch.ones(())):
                if torch.allclose(act(before) * factor, taken, rtol=1e-4, atol=1e-6):
                    return act(before)
    raise AssertionError(f"the input of {value} is no product of the matrices beside it")
