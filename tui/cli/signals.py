"""Ctrl+C and SIGTERM: stop queries immediately, and print the command that resumes a run."""

import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

_REPEATS, _PAUSE = 40, 0.05
"""DuckDB ignores an interrupt that arrives before a query starts, so it is repeated for two seconds."""


@contextmanager
def stoppable_queries() -> Iterator[threading.Event]:
    """Context in which a signal stops DuckDB's queries. Yields an event that is set when one has arrived.

    Python's handler runs only after the main thread has returned from DuckDB; the kernel writes to the wakeup pipe
    immediately, and a thread reads it.
    """
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(reading, stopped, over), daemon=True)
    watcher.start()
    try:
        yield stopped
    finally:
        signal.set_wakeup_fd(before)
        over.set()
        os.close(writing)
        watcher.join()


def _watch(reading: int, stopped: threading.Event, over: threading.Event) -> None:
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while came := pipe.read(1):
            if came[0] in (signal.SIGINT, signal.SIGTERM):
                stopped.set()
                _interrupt(over)


def _interrupt(over: threading.Event) -> None:
    from neurontui.store.cancellation import interrupt_all

    for _ in range(_REPEATS):
        interrupt_all()
        if over.wait(_PAUSE):
            return


def interrupted(error: BaseException) -> bool:
    """Whether an error is a Ctrl+C; during a query DuckDB raises a RuntimeError instead."""
    by_duckdb = isinstance(error, RuntimeError) and str(error) == "Query interrupted"
    return by_duckdb or isinstance(error, KeyboardInterrupt)


@contextmanager
def resumable() -> Iterator[None]:
    """Context for work that the same command resumes; prints that command if the work is interrupted."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (KeyboardInterrupt, RuntimeError) as error:
        if not interrupted(error):
            raise
        line = shlex.join(["neurontui", *click.get_current_context().find_root().obj])
        click.echo(
            f"stopped; completed batches are kept. Rerun the same command to resume:\n{line}",
            err=True,
        )
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGTERM, before)
