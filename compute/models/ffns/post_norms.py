"""Find what stands between each FFN and the residual stream: nothing, a constant factor, or a norm.

Found by behavior, because names differ between architectures: in two short forward passes, and a third where there are
norms. If a change of the FFN's output reaches the block's output as the same change, times a constant, there is no norm
between them. Otherwise a norm is behind the FFN if it gets the FFN's output and a change of *its* output reaches a sum
with something else, the residual stream. In a post-LN model the norm gets the sum instead, and its output is the
residual stream.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.ffns.moe import ExpertsFFN
from neurontui.compute.models.ffns.norms import Norm, Write, find_norm
from neurontui.compute.models.ffns.probe_pass import Event, Place, Record, blocks_of, run_probe
from neurontui.compute.models.ffns.stream_factors import find_stream_factors
from neurontui.compute.models.not_finite import not_finite
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import ModelError

_FORWARD_PASSES = 3
_NEAR_ONE = 1e-3
"""A factor that is this close to 1 is 1."""


@dataclass(frozen=True)
class _Tolerance:
    """Relative differences that are due to rounding."""

    equal: float
    """Of two values."""
    change: float
    """Of a difference of two values."""

    @classmethod
    def of(cls, dtype: torch.dtype) -> "_Tolerance":
        precision = torch.finfo(dtype).eps
        return cls(max(1e-5, 2 * precision), max(1e-3, 4 * precision))


@dataclass(frozen=True)
class _Reached:
    """A module, or the block's end, that a change of the FFN's output reaches times a constant."""

    event: Event
    factor: float
    alone: bool
    """Whether nothing is added to the FFN's output there."""


@dataclass(frozen=True)
class _Candidate:
    """A norm that gets the FFN's output, at least as a summand."""

    norm: Norm
    before: _Reached


def with_writes(
    model: Any, ffns: Sequence[FFN], name: str, *, use: bool | None, progress: Phase = SILENT
) -> tuple[tuple[FFN, ...], int | None]:
    """The FFNs, and the number of those whose output is changed before it is added to the residual stream.

    use: whether the FFNs have their writes; None: nothing is looked for. Raises ModelError if one is needed and cannot
    be determined, or if the model yields numbers that are not finite.
    """
    if use is None:
        return tuple(ffns), None
    streams = find_stream_factors(model, ffns)
    looking = followed(ffns, progress.within("looking for norms behind the FFNs"), at_most=_FORWARD_PASSES)
    with streams.set_to_one(), looking:
        writes = [
            None if write is None else replace(write, factor=write.factor * streams.of(index))
            for index, write in enumerate(find_writes(model, ffns, name))
        ]
    n_changed = sum(write is None or write.changes for write in writes)
    if not use:
        return tuple(ffns), n_changed
    return tuple(_with_write(ffn, write, name) for ffn, write in zip(ffns, writes, strict=True)), n_changed


def _with_write(ffn: FFN, write: Write | None, name: str) -> FFN:
    if write is None:
        raise ModelError(
            f"What stands between the FFN of layer {ffn.layer.layer} of '{name}' and the residual stream is neither a "
            "norm nor a constant, so contribution and effective scores cannot include it; use --no-post-norm for "
            "scores without it, or measure types only."
        )
    return replace(ffn, write=write) if write.changes else ffn


@torch.no_grad()
def find_writes(model: Any, ffns: Sequence[FFN], name: str) -> tuple[Write | None, ...]:
    """How the output of each FFN is written to the residual stream; None where that cannot be determined.

    Raises ModelError if activations or outputs are infinite or NaN, because those cannot be compared.
    """
    try:
        return _find_writes(model, ffns, name)
    except (RuntimeError, ValueError, TypeError, IndexError):  # the model does not run on the probe
        return (None,) * len(ffns)


def _find_writes(model: Any, ffns: Sequence[FFN], name: str) -> tuple[Write | None, ...]:
    block_of = blocks_of(model)
    if any(id(ffn.value) not in block_of for ffn in ffns):
        return (None,) * len(ffns)
    places = [Place(ffn.writer, block_of[id(ffn.value)]) for ffn in ffns]
    tolerance = _Tolerance.of(model.dtype)
    plain = run_probe(model, places)
    for ffn, record in zip(ffns, plain, strict=True):
        if not record.is_finite:
            why = not_finite("activations or outputs", str(model.dtype).removeprefix("torch."))
            raise ModelError(f"'{name}' is not measured: in layer {ffn.layer.layer} {why}.")
    reached_of = _reached(model, places, plain, tolerance)
    candidates = {
        index: candidate
        for index, (ffn, reached) in enumerate(zip(ffns, reached_of, strict=True))
        if not _ends_there(reached) and (candidate := _candidate(ffn, reached, tolerance)) is not None
    }
    behind = _behind(model, places, plain, candidates, tolerance)
    return tuple(
        behind[index] if index in behind else _without_norm(ffns[index], reached)
        for index, reached in enumerate(reached_of)
    )


def _behind(
    model: Any,
    places: Sequence[Place],
    plain: Sequence[Record],
    candidates: Mapping[int, _Candidate],
    tolerance: _Tolerance,
) -> dict[int, Write | None]:
    """The writes of layers with a candidate; None if its output is not simply added to the residual stream."""
    if not candidates:
        return {}
    norms = [Place(candidate.norm.module, places[index].block) for index, candidate in candidates.items()]
    after = [plain[index].after(candidate.before.event) for index, candidate in candidates.items()]
    writes: dict[int, Write | None] = {}
    for (index, candidate), reached in zip(candidates.items(), _reached(model, norms, after, tolerance), strict=True):
        added = next((item for item in reached if not item.alone), None)
        if added is not None and not _goes_on(added, reached, tolerance):
            writes[index] = Write(_rounded(candidate.before.factor * added.factor), candidate.norm)
        else:
            writes[index] = None if candidate.before.alone else Write(_rounded(candidate.before.factor))
    return writes


def _without_norm(ffn: FFN, reached: Sequence[_Reached]) -> Write | None:
    """The write of an FFN without a norm behind it: the first sum that its output goes into has the factor.

    The output of experts can go into a sum with that of shared experts first, so it must reach the block's end.
    """
    if isinstance(ffn, ExpertsFFN) and not _ends_there(reached):
        return None
    added = next((item for item in reached if not item.alone), None)
    return None if added is None else Write(_rounded(added.factor))


def _goes_on(added: _Reached, reached: Sequence[_Reached], tolerance: _Tolerance) -> bool:
    """Whether the sum is the input of one more norm instead of the residual stream."""
    event = added.event
    if _ends_there(reached) or event.module is None or event.output is None:
        return False
    return find_norm(event.module, event.input, event.output, tolerance.change) is not None


def _ends_there(reached: Sequence[_Reached]) -> bool:
    """Whether the block's output is among what is reached, in a sum."""
    return any(item.event.module is None and not item.alone for item in reached)


def _candidate(ffn: FFN, reached: Sequence[_Reached], tolerance: _Tolerance) -> _Candidate | None:
    """The first norm that gets the FFN's output: alone, or in a mixture of experts also with that of shared experts."""
    for item in reached:
        event = item.event
        if event.module is None or event.output is None or not (item.alone or isinstance(ffn, ExpertsFFN)):
            continue
        if _multiple(event.output, event.input, tolerance.equal) is not None:
            continue  # a dropout, or a module that only passes its input on
        norm = find_norm(event.module, event.input, event.output, tolerance.change)
        if norm is not None:
            return _Candidate(norm, item)
    return None


def _reached(
    model: Any, places: Sequence[Place], plain: Sequence[Record], tolerance: _Tolerance
) -> list[list[_Reached]]:
    """By place: what a change of its output reaches, times a constant, in order. plain: records without the change."""
    moved = {index: _moved(record) for index, record in enumerate(plain) if record.output is not None}
    kept = {index: record.block_output for index, record in enumerate(plain) if record.block_output is not None}
    changed = run_probe(model, places, moved, kept)
    return [_compare(before, after, tolerance) for before, after in zip(plain, changed, strict=True)]


def _moved(record: Record) -> Tensor:
    """The output (T, H) plus a random change that is as large as it and as the block's output."""
    assert record.output is not None
    output = record.output
    noise = torch.randn(output.shape, generator=torch.Generator().manual_seed(0)).to(output.device)
    size = _size(output) + (_size(record.events[-1].input) if record.events else 0)
    return output.float() + noise * size


def _size(rows: Tensor) -> Tensor:
    """Root mean square of each row, (T, 1)."""
    return rows.float().square().mean(-1, keepdim=True).sqrt()


def _compare(before: Record, after: Record, tolerance: _Tolerance) -> list[_Reached]:
    if before.output is None or after.output is None or len(before.events) != len(after.events):
        return []
    output, change = before.output.float(), after.output.float() - before.output.float()
    reached = []
    for event, moved in zip(before.events, after.events, strict=True):
        here = event.input.float()
        factor = _multiple(moved.input.float() - here, change, tolerance.change)
        if factor is not None:
            rest = torch.linalg.vector_norm(here - factor * output, dim=-1)
            alone = bool((rest <= tolerance.equal * torch.linalg.vector_norm(here, dim=-1)).all())
            reached.append(_Reached(event, factor, alone))
    return reached


def _multiple(rows: Tensor, of: Tensor, tolerance: float) -> float | None:
    """The constant c with rows = c · of, both (T, H) and every row counted alike; None if there is none but 0."""
    size = torch.linalg.vector_norm(of.float(), dim=-1, keepdim=True)
    rows, of = rows.float() / size, of.float() / size
    factor = float((rows * of).mean(0).sum())
    close = torch.linalg.vector_norm(rows - factor * of) <= tolerance * torch.linalg.vector_norm(rows)
    return factor if factor and close else None


def _rounded(factor: float) -> float:
    return 1.0 if abs(factor - 1) < _NEAR_ONE else factor
