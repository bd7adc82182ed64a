"""Says how to get what a reader's install does not have."""

from collections.abc import Iterator
from contextlib import contextmanager

HEAVY = ("torch", "transformers", "tokenizers", "safetensors", "huggingface_hub", "ray")


@contextmanager
def needs_compute(extra: str = "compute") -> Iterator[None]:
    """Around imports that need an extra: its absence is told with the command that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        from neurontui.store.errors import MissingExtraError

        if error.name is None or error.name.partition(".")[0] not in HEAVY:
            raise
        raise MissingExtraError(
            f"measuring needs {error.name}, which is not installed: pip install 'neurontui[{extra}]'"
        ) from error
