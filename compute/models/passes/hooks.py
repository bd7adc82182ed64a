"""Hooks that record the FFNs of a model while it runs, and the buffers they fill.

Every buffer has one row per prompt of the batch, independent of the passes, so a pass can be repeated.
Only values at the token of measurement are kept: indexing copies them, while a view would keep the whole tensor.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN, Where, at_token
from neurontui.compute.models.ffns.norms import Norm
from neurontui.store.errors import MeasureError


@dataclass
class Buffers:
    """Recorded values of one FFN, (R, d_m) each, R prompts."""

    activations: Tensor | None = None
    weights: Tensor | None = None
    before: list[Tensor | None] = field(default_factory=list)
    """Pre-activations of each part of the FFN, of its neurons that ran."""
    active_tokens: Tensor | None = None
    scales: Tensor | None = None
    """(R, 1) float32: scale of the norm behind the FFN."""


@dataclass
class Recorder:
    """Records all FFNs in the passes inside `pass_`."""

    ffns: tuple[FFN, ...]
    n_rows: int
    threshold: float
    product: bool
    """Whether A is act(gate)·up instead of act(gate)."""
    any_token: bool
    buffers: list[Buffers] = field(init=False)
    _fired: list[list[int]] = field(init=False)
    _where: dict[str, Where] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.buffers = [Buffers(before=[None] * len(ffn.parts)) for ffn in self.ffns]
        self._reset()

    def _reset(self) -> None:
        self._fired = [[0] * len(ffn.parts) for ffn in self.ffns]

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Context with active hooks; they are removed at its end, also after an error."""
        with ExitStack() as stack:
            for index, ffn in enumerate(self.ffns):
                for number, (part, columns) in enumerate(ffn.parts_with_columns()):
                    on_act = self._on_act(index, number, part, columns)
                    stack.callback(part.act.register_forward_hook(on_act).remove)
                    if part.gated:
                        on_value = self._on_value(index, part, columns)
                        stack.callback(part.value.register_forward_pre_hook(on_value).remove)
                norm = ffn.write.norm
                if norm is not None:
                    stack.callback(norm.module.register_forward_hook(self._on_norm(index, norm)).remove)
            yield

    @contextmanager
    def pass_(self, where: dict[str, Where]) -> Iterator[None]:
        """Context of one forward pass, recorded at `where` by stack; each FFN must run exactly once in it."""
        self._where = where
        self._reset()
        yield
        wrong = [(layer, count) for layer, counts in enumerate(self._fired) for count in counts if count != 1]
        if wrong:
            layer, times = wrong[0]
            raise MeasureError(
                f"The FFN of layer {layer} ran {times} times in one forward pass instead of once, "
                "so its activations are ambiguous; disable features that repeat layers (such as checkpointing)."
            )

    def _on_act(self, index: int, number: int, part: FFN, columns: slice) -> Any:
        buffers = self.buffers[index]
        is_product = self.product and part.gated

        def hook(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            self._fired[index][number] += 1
            where = self._on_device(part, output)
            before = part.run_at_token(args[0], where)
            buffers.before[number] = self._keep(buffers.before[number], before, where)
            if not is_product:
                active = part.at_token(output, where)
                buffers.activations = self._keep_columns(buffers.activations, active, where, index, columns)
                self._count(part, index, columns, output, where)

        return hook

    def _on_value(self, index: int, part: FFN, columns: slice) -> Any:
        buffers = self.buffers[index]

        def hook(_: nn.Module, args: tuple[Tensor, ...]) -> None:
            where = self._on_device(part, args[0])
            weights = part.at_token(part.weighed(args[0]), where)
            buffers.weights = self._keep_columns(buffers.weights, weights, where, index, columns)
            if self.product:
                self._count(part, index, columns, args[0], where)

        return hook

    def _on_norm(self, index: int, norm: Norm) -> Any:
        ffn, buffers = self.ffns[index], self.buffers[index]

        def hook(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            where = self._on_device(ffn, output)
            scale = norm.scale(at_token(args[0], where), at_token(output, where))
            buffers.scales = self._keep(buffers.scales, scale[:, None], where)

        return hook

    def _on_device(self, ffn: FFN, value: Tensor) -> Where:
        """Indices on the device of the layer (`device_map` uses several), moved once per device."""
        name = ffn.layer.stack
        where = self._where[name]
        if where.rows.device != value.device:
            real = None if where.real is None else where.real.to(value.device)
            where = Where(where.rows.to(value.device), where.token.to(value.device), real, where.n_tokens)
            self._where = {**self._where, name: where}
        return where

    def _keep(self, buffer: Tensor | None, values: Tensor, where: Where) -> Tensor:
        """values: (B, …), one row per prompt of the pass."""
        if buffer is None:
            buffer = values.new_empty(self.n_rows, values.shape[-1])
        buffer[where.rows] = values
        return buffer

    def _keep_columns(self, buffer: Tensor | None, values: Tensor, where: Where, index: int, columns: slice) -> Tensor:
        """values: (B, d) of the neurons in `columns`."""
        n_neurons = self.ffns[index].layer.n_neurons
        if values.shape[-1] == n_neurons:
            return self._keep(buffer, values, where)
        if buffer is None:
            buffer = values.new_empty(self.n_rows, n_neurons)
        buffer[where.rows, columns] = values
        return buffer

    def _count(self, part: FFN, index: int, columns: slice, value: Tensor, where: Where) -> None:
        if self.any_token:
            buffers = self.buffers[index]
            counts = part.count_active(value, self.threshold, where)
            buffers.active_tokens = self._keep_columns(buffers.active_tokens, counts, where, index, columns)
