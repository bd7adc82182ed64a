"""Run a batch through a model and keep what its FFNs did at the token of measurement.

Knows nothing of masks, types or scores: it hands over activations, the weights of the value vectors, and counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.ffn import FFN, Where
from neurontui.compute.models.forward import forward
from neurontui.compute.models.hooks import Buffers, Recorder
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.microbatches import Rows, run_halving
from neurontui.compute.models.near_threshold import near_threshold, near_threshold_product
from neurontui.compute.models.tokenize import (
    Encoded,
    InvalidExample,
    Tokens,
    encode_batch,
    pad,
    token_text,
)
from neurontui.store.errors import MeasureError


@dataclass(frozen=True)
class CaptureOptions:
    """What is read, and in how large forward passes."""

    threshold: float = 0.0
    """Active means greater than this, where tokens are counted."""
    activation: Literal["gate", "product"] = "gate"
    """A of a gated FFN: act(gate), or act(gate)·up. Without effect on an ungated one."""
    any_token: bool = True
    """Also count at how many tokens each neuron is active."""
    token_budget: int = 4096
    """Most tokens in one forward pass, pads included."""
    encoder_token: Literal["last", "before-eos"] = "last"  # noqa: S105 - a position, not a secret
    """Where the encoder of an encoder-decoder is read: at its closing </s>, or at the token before it."""


class NotFiniteError(MeasureError):
    """NaN or infinite activations; `unusable` has all the examples."""

    def __init__(self, invalid: Sequence[InvalidExample]) -> None:
        super().__init__(invalid[0].sentence)
        self.invalid = tuple(invalid)


@torch.inference_mode()
def capture(loaded: LoadedModel, batch: Batch, options: CaptureOptions) -> Capture:
    """FFN activity of all E·P prompts of a batch, the same in whatever passes they are run.

    Raises UnusablePromptError, NotFiniteError, and MeasureError when memory does not hold one prompt.
    """
    encoded = encode_batch(loaded, batch)
    product = options.activation == "product"
    recorder = Recorder(loaded.ffns, len(encoded), options.threshold, product, options.any_token)

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [encoded[row] for row in rows])
        where = _where(loaded, tokens, [encoded[row] for row in rows], rows, options)
        with recorder.pass_(where):
            forward(loaded, tokens)

    with recorder.hooks():
        lengths = [len(each) for each in encoded]
        run_halving(lengths, loaded.groups(lengths), options.token_budget, step)
    return _collect(loaded, batch, encoded, recorder, options)


def _where(
    loaded: LoadedModel,
    tokens: Tokens,
    encoded: Sequence[Encoded],
    rows: Rows,
    options: CaptureOptions,
) -> dict[str, Where]:
    """Where each stack is read in one pass."""
    of_batch = torch.tensor(rows, device=tokens.ids.device)
    ragged = len({len(each) for each in encoded}) > 1
    at = torch.tensor([_token(each, options) for each in encoded], device=tokens.ids.device)
    prompt = Where(of_batch, at, tokens.mask.bool() if ragged else None)
    if not loaded.encoder_decoder:
        return {"decoder": prompt}
    return {"encoder": prompt, "decoder": Where(of_batch, torch.zeros_like(tokens.last), None)}


def _token(encoded: Encoded, options: CaptureOptions) -> int:
    skipped = encoded.n_ending if options.encoder_token == "before-eos" else 0  # noqa: S105
    return len(encoded) - 1 - skipped


def _collect(
    loaded: LoadedModel,
    batch: Batch,
    encoded: Sequence[Encoded],
    recorder: Recorder,
    options: CaptureOptions,
) -> Capture:
    shape = (len(batch.examples), len(batch.languages))
    layers = [_read(ffn, kept, options, shape) for ffn, kept in zip(loaded.ffns, recorder.buffers, strict=True)]
    finite = torch.stack([each.finite for each in layers]).all(0)
    _refuse_not_finite(batch, finite.view(shape), loaded.dtype)
    counts = [each.active_tokens for each in layers if each.active_tokens is not None]
    return Capture(
        activations=[each.activations for each in layers],
        weights=[each.weights for each in layers],
        active_tokens=counts if options.any_token else None,
        near_zero=[each.near_zero for each in layers],
        n_tokens=torch.tensor([len(each) for each in encoded]).view(shape),
        last_tokens=_texts(loaded, [each.ids[_token(each, options)] for each in encoded]),
    )


@dataclass(frozen=True)
class _Reading:
    """One layer of a batch, (E, P, d_m) each."""

    activations: Tensor
    weights: Tensor
    active_tokens: Tensor | None
    near_zero: int
    finite: Tensor
    """(E·P,) bool, on the CPU."""


def _read(ffn: FFN, kept: Buffers, options: CaptureOptions, shape: tuple[int, int]) -> _Reading:
    product = options.activation == "product" and ffn.gated
    by_gate, before = kept.activations, kept.before
    weights = kept.weights if ffn.gated else by_gate
    active = weights if product else by_gate
    kept.before = None  # what follows needs the memory
    if active is None or weights is None or before is None:
        raise MeasureError(f"The FFN of layer {ffn.layer.layer} did not run in the forward pass.")
    near = (
        near_threshold_product(active, options.threshold)
        if product
        else near_threshold(before, ffn.act, options.threshold)
    )
    finite = (_finite_rows(before) & _finite_rows(weights)).cpu()
    shaped = active.view(*shape, -1)
    return _Reading(
        activations=shaped,
        weights=shaped if weights is active else weights.view(*shape, -1),
        active_tokens=_shaped(kept.active_tokens, shape),
        near_zero=near,
        finite=finite,
    )


def _shaped(counts: Tensor | None, shape: tuple[int, int]) -> Tensor | None:
    return None if counts is None else counts.view(*shape, -1)


def _finite_rows(values: Tensor) -> Tensor:
    """(R,) bool: a sum is finite where all its terms are; in doubles it cannot overflow."""
    return values.sum(-1, dtype=torch.float64).isfinite()


def _refuse_not_finite(batch: Batch, finite: Tensor, dtype: str) -> None:
    """finite: (E, P) bool."""
    bad = (~finite).nonzero().tolist()
    if not bad:
        return
    fits = "" if dtype == "float32" else f" (the model runs in {dtype}; float32 may hold them)"
    raise NotFiniteError(
        [
            InvalidExample(
                position,
                f"Example '{batch.examples[position].id}' in '{batch.languages[bit]}' gave activations "
                f"that are not finite{fits}; leave it out, or use another dtype.",
            )
            for position, bit in bad
        ]
    )


def _texts(loaded: LoadedModel, tokens: Sequence[int]) -> list[str]:
    texts = {token: token_text(loaded.tokenizer, token) for token in set(tokens)}
    return [texts[token] for token in tokens]
