"""Writes a batch in another thread, so that the model need not wait while tables are made, compressed and written."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from neurontui.compute.measures.measurer import Tables
from neurontui.store.journal.shards import ShardWriter


class WriterThread:
    """Writes piece after piece, at most one behind the measurement: that bounds the memory."""

    def __init__(self, writer: ShardWriter) -> None:
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, "shards")
        self._pending: Future[None] | None = None

    def append(self, make: Callable[[], Tables]) -> None:
        """Have the tables of a piece made and written; raises what went wrong with the piece before it."""
        self._settle()
        self._pending = self._thread.submit(self._write, make)

    def publish(self, seconds: Callable[[], float], tokens: int) -> None:
        """Make the batch visible once everything is written; `seconds` says then what it took."""
        self._settle()
        self._writer.publish(seconds(), tokens)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._writer.discard()  # nothing is left to discard once published

    def _write(self, make: Callable[[], Tables]) -> None:
        self._writer.append(make())

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None
