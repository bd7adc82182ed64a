"""Hooks that record the FFNs of a model while it runs, and the buffers they fill.

Every buffer has one row per prompt of the batch, independent of the passes, so a pass can be repeated.
Only values at the token of measurement are kept: indexing copies them, while a view would keep the whole tensor.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from neurontui.compute.models.ffn import FFN, Where, at_token
from neurontui.compute.models.norms import Norm
from neurontui.store.errors import MeasureError


@dataclass
class Buffers:
    """Recorded values of one FFN, (R, d_m) each, R prompts."""

    activations: Tensor | None = None
    weights: Tensor | None = None
    before: Tensor | None = None
    """Pre-activations."""
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
    _fired: list[int] = field(init=False)
    _where: dict[str, Where] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.buffers = [Buffers() for _ in self.ffns]
        self._fired = [0] * len(self.ffns)

    @contextmanager
    def hooks(self) -> Iterator[None]:
        """Context with active hooks; they are removed at its end, also after an error."""
        with ExitStack() as stack:
            for index, ffn in enumerate(self.ffns):
                stack.callback(ffn.act.register_forward_hook(self._on_act(index)).remove)
                if ffn.gated:
                    stack.callback(ffn.value.register_forward_pre_hook(self._on_value(index)).remove)
                norm = ffn.write.norm
                if norm is not None:
                    stack.callback(norm.module.register_forward_hook(self._on_norm(index, norm)).remove)
            yield

    @contextmanager
    def pass_(self, where: dict[str, Where]) -> Iterator[None]:
        """Context of one forward pass, recorded at `where` by stack; each FFN must run exactly once in it."""
        self._where = where
        self._fired = [0] * len(self.ffns)
        yield
        wrong = [layer for layer, times in enumerate(self._fired) if times != 1]
        if wrong:
            raise MeasureError(
                f"The FFN of layer {wrong[0]} ran {self._fired[wrong[0]]} times in one forward pass instead of once, "
                "so its activations are ambiguous; disable features that repeat layers (such as checkpointing)."
            )

    def _on_act(self, index: int) -> Any:
        ffn, buffers = self.ffns[index], self.buffers[index]
        is_product = self.product and ffn.gated

        def hook(_: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            self._fired[index] += 1
            where = self._on_device(ffn, output)
            before = ffn.run_at_token(args[0], where)
            buffers.before = self._keep(buffers.before, before, where)
            if not is_product:
                active = ffn.at_token(output, where)
                buffers.activations = self._keep(buffers.activations, active, where)
                self._count(ffn, buffers, output, where)

        return hook

    def _on_value(self, index: int) -> Any:
        ffn, buffers = self.ffns[index], self.buffers[index]

        def hook(_: nn.Module, args: tuple[Tensor, ...]) -> None:
            where = self._on_device(ffn, args[0])
            weights = ffn.at_token(ffn.weighed(args[0]), where)
            buffers.weights = self._keep(buffers.weights, weights, where)
            if self.product:
                self._count(ffn, buffers, args[0], where)

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
            where = Where(where.rows.to(value.device), where.token.to(value.device), real)
            self._where = {**self._where, name: where}
        return where

    def _keep(self, buffer: Tensor | None, values: Tensor, where: Where) -> Tensor:
        """values: (B, …), one row per prompt of the pass."""
        if buffer is None:
            buffer = values.new_empty(self.n_rows, values.shape[-1])
        buffer[where.rows] = values
        return buffer

    def _count(self, ffn: FFN, buffers: Buffers, value: Tensor, where: Where) -> None:
        if self.any_token:
            counts = ffn.count_active(value, self.threshold, where)
            buffers.active_tokens = self._keep(buffers.active_tokens, counts, where)
