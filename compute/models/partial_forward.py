"""Read prompts again from a later layer on: where earlier layers are untouched, they need not run twice.

The blocks before it hand on what they are given, and the first one that runs gets the hidden states that it had when
the prompts were read in full. The rest of the pass is the same arithmetic on the same numbers.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from neurontui.compute.models.architectures import KNOWN
from neurontui.compute.models.loaded_model import LoadedModel


@dataclass
class Shortcut:
    """A way into the middle of a decoder-only model, for the prompts that were read in full before."""

    blocks: list[nn.Module]
    first: int
    """The first block that runs again."""
    _entry: tuple[tuple[Any, ...], dict[str, Any]] | None = None
    _n_outputs: int | None = None

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Keep what the first block is given while the prompts are read in full."""

        def keep_input(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            hidden = {"hidden_states": kwargs["hidden_states"]} if "hidden_states" in kwargs else {}
            self._entry = (args[:1], hidden)

        def keep_form(_module: Any, _args: Any, output: Any) -> None:
            self._n_outputs = len(output) if isinstance(output, tuple) else None

        handles = [
            self.blocks[self.first].register_forward_pre_hook(keep_input, with_kwargs=True),
            self.blocks[0].register_forward_hook(keep_form),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Let passes over the same prompts begin at the first block."""

        def enter(_module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            assert self._entry is not None
            hidden, named = self._entry
            return (*hidden, *args[len(hidden) :]), kwargs | named

        block = self.blocks[self.first]
        with ExitStack() as stack:
            for skipped in self.blocks[: self.first]:
                stack.enter_context(_skipped(skipped, self._n_outputs))
            handle = block.register_forward_pre_hook(enter, with_kwargs=True)
            stack.callback(handle.remove)
            yield


def find_shortcut(loaded: LoadedModel, first_layer: int) -> Shortcut | None:
    """A shortcut to the block of a layer.

    None for the first layer, for encoder-decoders, which have two stacks, and for architectures that it was never
    tried on: blocks may exchange more than hidden states.
    """
    if loaded.encoder_decoder or first_layer == 0 or loaded.architecture not in KNOWN:
        return None
    act = loaded.ffns[first_layer].act
    for module in loaded.model.modules():
        if isinstance(module, nn.ModuleList):
            blocks = list(module)
            for index, block in enumerate(blocks):
                if any(each is act for each in block.modules()):
                    return Shortcut(blocks, index) if index > 0 else None
    return None


@contextmanager
def _skipped(block: nn.Module, n_outputs: int | None) -> Iterator[None]:
    """Let a block return what it is given, in the form in which it returns its own hidden states."""
    own = vars(block).get("forward")

    def hand_on(hidden_states: Tensor, *_args: Any, **_kwargs: Any) -> Any:
        return hidden_states if n_outputs is None else (hidden_states, *[None] * (n_outputs - 1))

    block.forward = hand_on
    try:
        yield
    finally:
        del block.forward
        if own is not None:
            block.forward = own
