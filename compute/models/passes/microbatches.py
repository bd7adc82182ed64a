"""Cut the prompts of a batch into forward passes of similar length, and into smaller ones if memory runs out.

A pass never mixes prompts of different groups, see `length_groups`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch

from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import MeasureError

Rows = tuple[int, ...]


def by_length(rows: Iterable[int], lengths: Sequence[int], groups: Sequence[int], budget: int) -> list[Rows]:
    """Cut rows into forward passes of one group and of at most `budget` tokens, pads included.

    lengths, groups: of every row. A prompt that is longer than the budget runs alone. The longest prompts come first:
    then memory runs out at the first pass, if at all, and similar lengths need few pads.
    """
    passes: list[Rows] = []
    current: list[int] = []
    for row in sorted(rows, key=lambda row: (-groups[row], -lengths[row])):
        if current and (groups[row] != groups[current[0]] or (len(current) + 1) * lengths[current[0]] > budget):
            passes.append(tuple(current))
            current = []
        current.append(row)
    return [*passes, tuple(current)] if current else passes


def run_halving(
    lengths: Sequence[int],
    groups: Sequence[int],
    budget: int,
    step: Callable[[Rows], None],
    passes: Phase = SILENT,
) -> None:
    """Run `step` on all rows, pass by pass; after memory runs out, with half as many tokens per pass.

    `step` must be safe to repeat. passes: counts them. Raises MeasureError when one prompt alone is too much.
    """
    waiting, done = deque(by_length(range(len(lengths)), lengths, groups, budget)), 0
    while waiting:
        passes.reach(done, done + len(waiting))
        current = waiting.popleft()
        if _fits(step, current):
            done += 1
            continue
        if len(current) == 1:
            raise MeasureError("Memory ran out on a single prompt; use a smaller dtype, a larger device or device_map.")
        left = [*current, *(row for rows in waiting for row in rows)]
        waiting = deque(by_length(left, lengths, groups, len(current) * lengths[current[0]] // 2))


def _fits(step: Callable[[Rows], None], rows: Rows) -> bool:
    """Whether a step fits into memory; its tensors are freed on return, because no traceback references them."""
    try:
        step(rows)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        fitted = False
    else:
        return True
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return fitted


_NO_MEMORY = (
    "can't allocate memory",  # the CPU allocator
    "CUDA error: out of memory",  # the driver, for instance for a kernel or pinned memory
    "_STATUS_ALLOC_FAILED",  # cuBLAS, cuDNN, cuSOLVER
)
"""Words of RuntimeErrors about memory that are not a torch.OutOfMemoryError."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that main memory or a GPU's memory is used up."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


@contextmanager
def refuse_without_memory(n_examples: int) -> Iterator[None]:
    """Raise MeasureError if memory runs out in this context, where work cannot be cut into smaller passes."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory(error):
            raise
        raise MeasureError(
            f"Memory ran out while {n_examples} examples were measured together; use a smaller --examples-at-once, "
            "--no-neuron-scores, or a larger device."
        ) from error
