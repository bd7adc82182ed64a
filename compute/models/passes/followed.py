"""Follow forward passes layer by layer, because a single one can take many seconds."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.progress import Phase


@contextmanager
def followed(ffns: Sequence[FFN], phase: Phase, at_most: int = 0) -> Iterator[None]:
    """Context in which each FFN that has run is reported within a phase.

    at_most: also counts the forward passes, for work that needs up to this number of them.
    """
    passes = phase.within("forward pass", at_most, at_most=True) if at_most else phase
    layers = passes.within("layer", len(ffns))

    def hook_of(index: int) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            if at_most and index + 1 == len(ffns):
                passes.advance()
            else:
                layers.reach(index + 1)

        return hook

    handles = [ffn.writer.register_forward_hook(hook_of(index)) for index, ffn in enumerate(ffns)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
