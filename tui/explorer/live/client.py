"""The worker process of a live prompt, as the explorer sees it: pipes, a thread that reads, a thread that writes.

Whatever happens to the process becomes one reply in words; nothing here waits for it in the explorer's own thread.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import IO

from neurontui.compute.live.messages import Quit, Reply, Request, from_line, to_line

WORKER = (sys.executable, "-P", "-m", "neurontui.compute.live.worker")
"""The same interpreter; -P: modules in the current folder are not imported."""
PATIENCE = 1.0
"""Seconds that a process gets to end by itself."""
_MEMORY = ("MemoryError", "bad_alloc", "out of memory", "llocate memory", "failed to map segment")
"""What a process without memory prints last."""
_TAIL = 4000
"""Bytes of what it printed last."""


@dataclass(frozen=True)
class Ended:
    """The process has ended and was not asked to."""

    sentence: str


class Client:
    """One worker process."""

    def __init__(self, command: Sequence[str] = WORKER) -> None:
        self._closing = False
        self._requests: SimpleQueue[Request | None] = SimpleQueue()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="ascii",
            errors="replace",
            start_new_session=True,
            env={**os.environ, "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")},
        )

    def start(self, receive: Callable[[Reply | Ended], object]) -> None:
        """Pass every reply on, in another thread."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        Thread(target=self._write, args=(self._process.stdin,), daemon=True).start()
        Thread(target=self._read, args=(self._process.stdout, receive), daemon=True).start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def send(self, request: Request) -> None:
        """Send a request; if the process is gone, `receive` says so."""
        self._requests.put(request)

    def close(self) -> None:
        """End the process, which need not answer; returns at once."""
        self._closing = True
        self._requests.put(Quit())
        self._requests.put(None)
        Thread(target=self._end, daemon=False).start()

    def _end(self) -> None:
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _write(self, stdin: IO[str]) -> None:
        try:
            while (request := self._requests.get()) is not None:
                stdin.write(to_line(request))
                stdin.flush()
            stdin.close()
        except (OSError, ValueError):  # the process has ended, which its stdout says too
            return

    def _read(self, stdout: IO[str], receive: Callable[[Reply | Ended], object]) -> None:
        with stdout:
            for line in stdout:
                try:
                    reply = from_line(line)
                except ValueError:
                    continue
                receive(reply)
        code = self._process.wait()
        self._requests.put(None)
        with self._errors:
            said = self._last_line()
        if not self._closing:
            receive(Ended(sentence_of(code, said)))

    def _last_line(self) -> str:
        """The last line that the process printed to stderr."""
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(size - _TAIL, 0))
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def sentence_of(code: int, said: str) -> str:
    """Why a process ended, in a sentence. code: exit code, negative for a signal; said: its last line on stderr."""
    if code == -signal.SIGKILL:
        return "The model's process was killed, as the system does when memory runs out."
    if any(words in said for words in _MEMORY):
        return "The model's process ended because memory ran out."
    if code < 0:
        return f"The model's process was ended by signal {-code} ({_name(-code)})."
    return f"The model's process ended with code {code}" + (f": {said[:200]}" if said else ".")


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
