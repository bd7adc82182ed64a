"""Keeps Python's garbage collector from stopping the explorer for a tenth of a second.

A full collection looks at every object there is, modules included. What was loaded to start with stays until the end, so it
is taken out of sight, and later collections look at what is new.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Nothing is collected until `freeze` is called; at the end, everything is in sight again."""
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def freeze() -> None:
    """Take everything there is now out of the collector's sight, and let it look at what comes; once in such a block."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
