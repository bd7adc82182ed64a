"""Run a batch through a model and record the activity of its FFNs at the token of measurement.

Returns activations, the weights of the value vectors, and counts; masks, types and scores are computed elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from neurontui.compute.batch import Batch, Capture
from neurontui.compute.models.ffns.ffn import FFN, Where
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.hooks import Buffers, Recorder
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.passes.near_threshold import near_threshold, near_threshold_product
from neurontui.compute.models.prompts.first_token import with_first_token
from neurontui.compute.models.prompts.tokenize import (
    Encoded,
    InvalidExample,
    Tokens,
    encode_batch,
    pad,
    token_text,
)
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import MeasureError


@dataclass(frozen=True)
class CaptureOptions:
    """What is recorded, and the size of forward passes."""

    threshold: float = 0.0
    """Active means greater than this, for counts of tokens."""
    activation: Literal["gate", "product"] = "gate"
    """A of a gated FFN: act(gate), or act(gate)·up. No effect on an ungated FFN."""
    any_token: bool = True
    """Also count the tokens at which each neuron is active."""
    token_budget: int = 4096
    """Most tokens in one forward pass, pads included."""
    encoder_token: Literal["last", "before-eos"] = "last"  # noqa: S105 - a position, not a secret
    """Token of measurement of an encoder, where no mask token is: its closing </s>, or the token before it."""


class NotFiniteError(MeasureError):
    """NaN or infinite activations; `invalid` has all such examples."""

    def __init__(self, invalid: Sequence[InvalidExample]) -> None:
        super().__init__(invalid[0].sentence)
        self.invalid = tuple(invalid)


@torch.inference_mode()
def capture(loaded: LoadedModel, batch: Batch, options: CaptureOptions, progress: Phase = SILENT) -> Capture:
    """FFN activity of all E·P prompts of a batch, independent of how they are divided into passes.

    Raises InvalidPromptError, NotFiniteError, and MeasureError if one prompt does not fit into memory.
    """
    encoded = encode_batch(loaded, batch)
    if loaded.measured_at == "first-generated":
        encoded = with_first_token(loaded, encoded, options.token_budget)
    product = options.activation == "product"
    recorder = Recorder(loaded.ffns, len(encoded), options.threshold, product, options.any_token)
    passes = progress.within("pass")

    def step(rows: Rows) -> None:
        tokens = pad(loaded, [encoded[row] for row in rows])
        where = _where(loaded, tokens, [encoded[row] for row in rows], rows, options)
        with recorder.pass_(where), followed(loaded.ffns, passes):
            forward(loaded, tokens)

    with recorder.hooks():
        lengths = [len(prompt) for prompt in encoded]
        run_halving(lengths, loaded.groups(lengths), options.token_budget, step, passes)
    return _collect(loaded, batch, encoded, recorder, options)


def _where(
    loaded: LoadedModel,
    tokens: Tokens,
    encoded: Sequence[Encoded],
    rows: Rows,
    options: CaptureOptions,
) -> dict[str, Where]:
    """Where each stack is recorded in one pass."""
    of_batch = torch.tensor(rows, device=tokens.ids.device)
    ragged = len({len(prompt) for prompt in encoded}) > 1
    before_eos = options.encoder_token == "before-eos"  # noqa: S105
    at = torch.tensor([prompt.measured(before_eos=before_eos) for prompt in encoded], device=tokens.ids.device)
    prompt = Where(of_batch, at, tokens.mask.bool() if ragged else None, tokens.ids.shape[1])
    if loaded.encoder_only:
        return {"encoder": prompt}
    if not loaded.encoder_decoder:
        return {"decoder": prompt}
    n_steps = tokens.opening.shape[1]
    # Tokens are counted only at the step of measurement, because the decoder reads no token of the prompt.
    counted = None if n_steps == 1 else torch.arange(n_steps, device=tokens.ids.device) == tokens.step[:, None]
    return {"encoder": prompt, "decoder": Where(of_batch, tokens.step, counted, n_steps)}


def _measured_id(loaded: LoadedModel, encoded: Encoded, options: CaptureOptions) -> int:
    if loaded.encoder_decoder and loaded.measured_at == "first-generated":
        return encoded.opening[-1]
    return encoded.ids[encoded.measured(before_eos=options.encoder_token == "before-eos")]  # noqa: S105


def _collect(
    loaded: LoadedModel,
    batch: Batch,
    encoded: Sequence[Encoded],
    recorder: Recorder,
    options: CaptureOptions,
) -> Capture:
    shape = (len(batch.examples), len(batch.languages))
    layers = [_read(ffn, kept, options, shape) for ffn, kept in zip(loaded.ffns, recorder.buffers, strict=True)]
    finite = torch.stack([layer.finite for layer in layers]).all(0)
    _refuse_not_finite(batch, finite.view(shape), loaded.dtype)
    counts = [layer.active_tokens for layer in layers if layer.active_tokens is not None]
    return Capture(
        activations=[layer.activations for layer in layers],
        weights=[layer.weights for layer in layers],
        active_tokens=counts if options.any_token else None,
        near_zero=[layer.near_zero for layer in layers],
        n_tokens=torch.tensor([len(prompt) for prompt in encoded]).view(shape),
        scales={
            ffn.layer.layer: kept.scales.view(shape)
            for ffn, kept in zip(loaded.ffns, recorder.buffers, strict=True)
            if kept.scales is not None
        },
        last_tokens=_texts(loaded, [_measured_id(loaded, prompt, options) for prompt in encoded]),
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
    kept.before = []  # frees memory for the next layers
    ran = [values for values in before if values is not None]
    if active is None or weights is None or len(ran) < len(ffn.parts):
        raise MeasureError(f"The FFN of layer {ffn.layer.layer} did not run in the forward pass.")
    near = sum(
        near_threshold_product(active[:, columns], options.threshold)
        if product
        else near_threshold(values, part.act, options.threshold)
        for values, (part, columns) in zip(ran, ffn.parts_with_columns(), strict=True)
    )
    finite = torch.stack([_finite_rows(values) for values in (*ran, weights)]).all(0).cpu()
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
    """(R,) bool: a sum is finite if all its terms are; as float64 it cannot overflow."""
    return values.sum(-1, dtype=torch.float64).isfinite()


def _refuse_not_finite(batch: Batch, finite: Tensor, dtype: str) -> None:
    """finite: (E, P) bool."""
    bad = (~finite).nonzero().tolist()
    if not bad:
        return
    fits = "" if dtype == "float32" else f" (the model runs in {dtype}; float32 may avoid this)"
    raise NotFiniteError(
        [
            InvalidExample(
                position,
                f"Example '{batch.examples[position].id}' in '{batch.languages[bit]}' has activations "
                f"that are not finite{fits}; leave it out, or use another dtype.",
            )
            for position, bit in bad
        ]
    )


def _texts(loaded: LoadedModel, tokens: Sequence[int]) -> list[str]:
    texts = {token: token_text(loaded.tokenizer, token) for token in set(tokens)}
    return [texts[token] for token in tokens]
