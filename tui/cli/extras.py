"""Before torch is loaded: threads that sleep while they wait, and how to get what a reader's install does not have."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

HEAVY = ("torch", "transformers", "tokenizers", "safetensors", "huggingface_hub", "ray")


@contextmanager
def needs_compute(extra: str = "compute") -> Iterator[None]:
    """Around imports that need an extra: its absence is told with the command that installs it.

    OpenMP's threads spin while they wait for each other, unless told otherwise before torch is loaded: on a machine
    with other work that made a run take ten times as long.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        yield
    except ModuleNotFoundError as error:
        from neurontui.store.errors import MissingExtraError

        if error.name is None or error.name.partition(".")[0] not in HEAVY:
            raise
        raise MissingExtraError(
            f"measuring needs {error.name}, which is not installed: pip install 'neurontui[{extra}]'"
        ) from error
