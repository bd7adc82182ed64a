"""Imports of optional dependencies: OpenMP's settings, and an error with the command that installs them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

HEAVY = ("torch", "transformers", "tokenizers", "safetensors", "huggingface_hub", "ray")


@contextmanager
def needs_compute(extra: str = "compute") -> Iterator[None]:
    """Context for imports from an extra. Raises MissingExtraError, with the command that installs it.

    OMP_WAIT_POLICY must be set before torch is loaded. With the default, OpenMP's threads spin while they wait,
    which made a run ten times slower on a machine with other work.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        yield
    except ModuleNotFoundError as error:
        from neurontui.store.errors import MissingExtraError

        if error.name is None or error.name.partition(".")[0] not in HEAVY:
            raise
        raise MissingExtraError(
            f"measuring requires {error.name}, which is not installed: pip install 'neurontui[{extra}]'"
        ) from error
