"""Read prompts again from a later layer on, without running the earlier layers twice.

The earlier blocks return their input, and the first block that runs gets the hidden states that it had when the prompts
were read in full. The rest of the pass is the same computation on the same numbers.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from neurontui.compute.models.ffns.architectures import KNOWN
from neurontui.compute.models.loaded_model import LoadedModel


@dataclass
class Shortcut:
    """Starts a decoder-only model at a later block, for prompts that were read in full before."""

    blocks: list[nn.Module]
    first: int
    """The first block that runs again."""
    _entry: tuple[tuple[Any, ...], dict[str, Any]] | None = None
    _n_outputs: int | None = None

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Context in which the prompts are read in full; records the input of the first block that runs again."""

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
    def resuming(self) -> Iterator[None]:
        """Context in which passes over the same prompts resume at the recorded block."""

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

    None for the first layer, for encoder-decoders, which have two stacks, and for untested architectures, whose blocks
    may exchange more than hidden states.
    """
    if loaded.encoder_decoder or first_layer == 0 or loaded.architecture not in KNOWN:
        return None
    act = loaded.ffns[first_layer].act
    for module in loaded.model.modules():
        if isinstance(module, nn.ModuleList):
            blocks = list(module)
            for index, block in enumerate(blocks):
                if any(inner is act for inner in block.modules()):
                    return Shortcut(blocks, index) if index > 0 else None
    return None


@contextmanager
def _skipped(block: nn.Module, n_outputs: int | None) -> Iterator[None]:
    """Context in which a block returns its input, in the form of its own output."""
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
