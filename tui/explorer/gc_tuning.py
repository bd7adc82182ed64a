"""Avoids pauses of a tenth of a second by Python's garbage collector.

A full collection examines every object, modules included. Objects that were loaded at startup stay until the end: they
are frozen, so that later collections examine newer objects only.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seldom_collected() -> Iterator[None]:
    """No collections until `freeze` is called; at the end, nothing is frozen."""
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def freeze() -> None:
    """Freeze all current objects and turn collections on; has an effect once in such a block."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
