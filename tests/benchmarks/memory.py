"""How much memory something takes at its peak, beyond what the process had before."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Peak:
    """Bytes; set when the block is left."""

    bytes: int = 0


@contextmanager
def peak_memory(device: str = "cpu") -> Iterator[Peak]:
    """The peak inside the block: of the process on Linux, of the GPU's allocator on CUDA."""
    found = Peak()
    gc.collect()
    if device != "cpu":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        yield found
        found.bytes = torch.cuda.max_memory_allocated(device) - before
        return
    ctypes.CDLL(None).malloc_trim(0)  # what was freed goes back, so that it does not hide what comes
    before, mapped = _read("VmRSS"), _read("RssFile")
    _RESET.write_text("5")  # the peak starts again from here
    yield found
    # Weights are mapped from their file and come into memory as they are first used: no part of what is asked here.
    found.bytes = _read("VmHWM") - before - max(0, _read("RssFile") - mapped)


def _read(name: str) -> int:
    line = next(each for each in _STATUS.read_text().splitlines() if each.startswith(name))
    return int(line.split()[1]) * 1024
