"""Check a loaded model by running it: what is measured does not depend on the batch, and is what the FFN writes.

Four checks, in every layer: a prompt has the same activations alone and in a padded batch; each FFN runs once in a
forward pass; Σ w_i v_i + b is the FFN's output; without its neurons an FFN writes b. Activations, outputs and logits
are finite. A model that fails is refused.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import torch

from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.load.load_errors import first_sentence
from neurontui.compute.models.loaded_model import LoadedModel, SelfCheck
from neurontui.compute.models.not_finite import are_finite, not_finite
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.forward import forward_with_head
from neurontui.compute.models.prompts.tokenize import Encoded, pad
from neurontui.compute.models.self_check.batch_difference import BatchDifference, batch_differences
from neurontui.compute.models.self_check.output_difference import output_difference
from neurontui.compute.models.self_check.probe import (
    LENGTHS,
    Reading,
    probe_prompts,
    read_pass,
    written_without_neurons,
)
from neurontui.compute.models.self_check.rounding import product_rounding
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import MeasureError, ModelError, NeurontuiError

_FORWARD_PASSES = 6
_ADVICE = "choose another model, or report the architecture to neurontui"


def self_checked(loaded: LoadedModel, progress: Phase = SILENT) -> LoadedModel:
    """The same model with the result of its self-check; raises ModelError if it fails."""
    phase = progress.within("self-check")
    with (
        failures_as_sentences(loaded.name, loaded.architecture),
        followed(loaded.ffns, phase, at_most=_FORWARD_PASSES),
    ):
        return replace(loaded, self_check=_check(loaded, phase))


@contextmanager
def failures_as_sentences(name: str, architecture: str) -> Iterator[None]:
    """Turn any error of a model that runs, or is searched for FFNs, into a ModelError with one sentence."""
    try:
        yield
    except MeasureError as error:
        raise _refusal(name, architecture, f"{first_sentence(error)}; {_ADVICE}") from error
    except NeurontuiError:
        raise
    except torch.OutOfMemoryError as error:
        why = "memory does not suffice for a batch of 20 tokens; use --device cpu, --device-map or --dtype bfloat16"
        raise _refusal(name, architecture, why) from error
    except Exception as error:  # the code of any architecture runs here
        why = f"a short forward pass fails ({type(error).__name__}: {first_sentence(error)}); {_ADVICE}"
        raise _refusal(name, architecture, why) from error


def _refusal(name: str, architecture: str, why: str) -> ModelError:
    return ModelError(f"'{name}' ({architecture}) fails the self-check and is not measured: {why}.")


@torch.inference_mode()
def _check(loaded: LoadedModel, progress: Phase) -> SelfCheck:
    short, long, other = probe_prompts(loaded)
    batch = [short, long]
    together = read_pass(loaded, batch)
    alone = [read_pass(loaded, [prompt]) for prompt in batch]
    _require_finite(loaded, alone)
    by_batch = [_require_same(loaded, prompt, alone[i], _row(together, i)) for i, prompt in enumerate(batch)]
    with_other = _row(read_pass(loaded, [short, other], filler=other.ids[0]), 0)
    _require_same(loaded, short, _row(together, 0), with_other, same_shape=True)
    by_output = _require_outputs(loaded, together, progress.within("output", len(loaded.ffns)))
    _require_bias(loaded, batch)
    _require_logits(loaded, short)
    return SelfCheck(LENGTHS[:2], len(loaded.ffns), _rounded(max(by_batch)), _rounded(by_output))


def _require_finite(loaded: LoadedModel, passes: Sequence[Sequence[Reading]]) -> None:
    for readings in passes:
        for ffn, reading in zip(loaded.ffns, readings, strict=True):
            if not (reading.weights.isfinite().all() and reading.output.isfinite().all()):
                raise _failed(loaded, ffn, not_finite("activations or outputs", loaded.dtype))


def _row(readings: Sequence[Reading], row: int) -> list[Reading]:
    return [reading.row(row) for reading in readings]


def _require_same(
    loaded: LoadedModel, prompt: Encoded, one: Sequence[Reading], other: Sequence[Reading], *, same_shape: bool = False
) -> float:
    """Largest difference between two passes over a prompt; raises ModelError if it is more than rounding."""
    differences = batch_differences(loaded, one, other, same_shape=same_shape)
    for ffn, difference in zip(loaded.ffns, differences, strict=True):
        if not difference.is_rounding:
            raise _failed(loaded, ffn, _changed(difference, len(prompt), steady=_is_steady(loaded, prompt)))
    return max(difference.values for difference in differences)


def _is_steady(loaded: LoadedModel, prompt: Encoded) -> bool:
    """Whether two passes over nothing but a prompt are the same."""
    twice = [read_pass(loaded, [prompt]) for _ in range(2)]
    return all(difference.is_rounding for difference in batch_differences(loaded, *twice, same_shape=True))


def _changed(difference: BatchDifference, n_tokens: int, *, steady: bool) -> str:
    what = f"the activations of a prompt of {n_tokens} tokens"
    change = f"by {difference.values:.2g} times their size (and in {difference.signs:.0%} of their signs)"
    if not steady:
        return (
            f"{what} differ {change} from pass to pass, so they depend on chance; disable dropout and noise in a copy "
            "of its config.json, or choose another model"
        )
    return f"{what} differ {change} with the other prompts of its batch, so a run would be wrong; {_ADVICE}"


def _require_outputs(loaded: LoadedModel, together: Sequence[Reading], layers: Phase) -> float:
    """Largest difference between Σ w_i v_i + b and the output of an FFN."""
    largest = 0.0
    for ffn, reading in zip(loaded.ffns, together, strict=True):
        difference = output_difference(ffn, reading)
        if not difference <= product_rounding(loaded.torch_dtype):
            raise _failed(
                loaded,
                ffn,
                f"the sum of weights times value vectors differs by {difference:.2g} times its size from the output "
                f"of {type(ffn.writer).__name__}, so scores would be wrong; use a full-precision checkpoint without "
                "adapters, or choose another model",
            )
        largest = max(largest, difference)
        layers.advance()
    return largest


def _require_bias(loaded: LoadedModel, prompts: list[Encoded]) -> None:
    for ffn, rest in zip(loaded.ffns, written_without_neurons(loaded, prompts), strict=True):
        if rest != 0:
            raise _failed(
                loaded,
                ffn,
                f"with all neurons ablated {type(ffn.writer).__name__} still writes up to {rest:.2g} beside its bias, "
                f"so ablation would be incomplete; {_ADVICE}",
            )


def _require_logits(loaded: LoadedModel, prompt: Encoded) -> None:
    if not loaded.encoder_only and not are_finite(forward_with_head(loaded, pad(loaded, [prompt]))):
        raise _refusal(loaded.name, loaded.architecture, not_finite("logits", loaded.dtype))


def _failed(loaded: LoadedModel, ffn: FFN, why: str) -> ModelError:
    layer = ffn.layer
    block = f" (block {layer.position} of the {layer.stack})" if loaded.encoder_decoder else ""
    return _refusal(loaded.name, loaded.architecture, f"in layer {layer.layer}{block} {why}")


def _rounded(value: float) -> float:
    """Two significant digits: the others differ from machine to machine."""
    return float(f"{value:.1e}")
