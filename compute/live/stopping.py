"""Stop a forward pass between two layers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from neurontui.compute.models.ffns.ffn import FFN


class StoppedError(Exception):
    """The question was canceled."""


@contextmanager
def stopping(ffns: Sequence[FFN], is_stopped: Callable[[], bool]) -> Iterator[None]:
    """Context in which StoppedError is raised after the next FFN once `is_stopped`."""

    def hook(*_: Any) -> None:
        if is_stopped():
            raise StoppedError

    handles = [ffn.writer.register_forward_hook(hook) for ffn in ffns]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
