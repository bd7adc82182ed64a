"""Differentiate a forward pass with respect to the weights of the value vectors at the token of measurement.

Hooks on the inputs of the value matrices keep w there and, in the backward pass, its gradient at that token only. The
model's own weights need no gradient, so a backward pass costs about as much as a forward pass.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from neurontui.compute.models.ffns.ffn import FFN, Where
from neurontui.store.errors import MeasureError


@dataclass
class GradientHooks:
    """Products w · ∂/∂w of one forward and backward pass."""

    ffns: Sequence[FFN]
    where: Mapping[str, Where]
    """Token of measurement of each input, by stack."""
    _products: list[list[Tensor | None]] = field(init=False)

    def __post_init__(self) -> None:
        self._products = [[None] * len(ffn.parts) for ffn in self.ffns]

    @contextmanager
    def active(self) -> Iterator[None]:
        """Context of one forward pass and its backward pass; hooks are always removed."""
        with ExitStack() as stack:
            for index, ffn in enumerate(self.ffns):
                for number, part in enumerate(ffn.parts):
                    hook = self._hook(index, number, part)
                    stack.callback(part.value.register_forward_pre_hook(hook).remove)
            yield

    def products(self) -> list[Tensor]:
        """Per layer (B, d_m) float32: w · ∂/∂w. Raises MeasureError if an FFN had no gradient."""
        layers = []
        for ffn, parts in zip(self.ffns, self._products, strict=True):
            ran = [product for product in parts if product is not None]
            if len(ran) < len(parts):
                raise MeasureError(
                    f"The answer's log-probability does not depend on the FFN of layer {ffn.layer.layer}, so its "
                    "neurons have no gradient; remove gradient from --measures."
                )
            layers.append(torch.cat(ran, dim=-1))
        return layers

    def _hook(self, index: int, number: int, part: FFN) -> Any:
        def hook(_: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            # The first FFN depends on nothing that has a gradient: its w is the leaf at which the graph begins.
            weights = args[0] if args[0].requires_grad else args[0].detach().requires_grad_()
            where = _on_device(self.where[part.layer.stack], weights)
            here = part.at_token(weights.detach(), where).float()

            def keep(gradient: Tensor) -> None:
                self._add(index, number, here * part.at_token(gradient, where).float())

            weights.register_hook(keep)  # type: ignore[no-untyped-call]
            return (weights, *args[1:])

        return hook

    def _add(self, index: int, number: int, product: Tensor) -> None:
        if self._products[index][number] is not None:
            raise MeasureError(
                f"The FFN of layer {self.ffns[index].layer.layer} ran more than once in one forward pass, so its "
                "gradient is ambiguous; remove gradient from --measures."
            )
        self._products[index][number] = product


def _on_device(where: Where, like: Tensor) -> Where:
    if where.rows.device == like.device:
        return where
    return Where(where.rows.to(like.device), where.token.to(like.device), None, where.n_tokens)
