"""Write a batch in another thread, so that the model does not wait for tables to be built, compressed and written."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from neurontui.compute.measures.measurer import Tables
from neurontui.store.journal.shards import ShardWriter


class WriterThread:
    """Writes one piece at a time and never queues more than one, which bounds the memory."""

    def __init__(self, writer: ShardWriter) -> None:
        self._writer = writer
        self._thread = ThreadPoolExecutor(1, "shards")
        self._pending: Future[None] | None = None

    def append(self, make: Callable[[], Tables]) -> None:
        """Build and write the tables of a piece in the thread; raises the error of the previous piece, if any."""
        self._settle()
        self._pending = self._thread.submit(self._write, make)

    def publish(self, seconds: Callable[[], float], tokens: int) -> None:
        """Make the batch visible after everything is written; `seconds` is called then for its duration."""
        self._settle()
        self._writer.publish(seconds(), tokens)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._writer.discard()  # does nothing after publish

    def _write(self, make: Callable[[], Tables]) -> None:
        self._writer.append(make())

    def _settle(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None
