"""Try architectures in processes of their own, so that a crash or an endless loop ends only one trial."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tests.architectures.names import Architecture
from tests.architectures.trial import WRONG, Outcome, try_architecture

SECONDS = 120
"""Longest trial."""


def try_all(architectures: Sequence[Architecture], workers: int) -> list[Outcome]:
    """The outcome of each architecture, in order."""
    torch.set_num_threads(1)  # a process with threads of torch cannot be forked
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(_try, architectures))


def _try(architecture: Architecture) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:  # removed here: the other process may be killed
        return _try_in(architecture, Path(folder))


def _try_in(architecture: Architecture, folder: Path) -> Outcome:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(architecture, folder, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(SECONDS):
            return Outcome(architecture, WRONG, f"the trial takes more than {SECONDS} s")
        return ours.recv()
    except EOFError:
        process.join()
        return Outcome(architecture, WRONG, f"the process ends with exit status {process.exitcode}")
    finally:
        process.kill()
        process.join()


def _run(architecture: Architecture, folder: Path, outcome: Connection) -> None:
    torch.set_num_threads(1)
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        outcome.send(try_architecture(architecture, folder))
