"""Gradient attribution: w · ∂ log p(answer) / ∂w of every neuron at the token of measurement, by one backward pass.

The prompt and its answer are read together, without a KV cache, and the log-probability is that of all tokens of the
answer (`examples.answer_logprob`). Memory depends on the tokens of one pass, not on the number of inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.decoder import padded
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.ffns.ffn import Where
from neurontui.compute.models.loaded_model import LoadedModel, ModelFacts
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.forward import head_at_places
from neurontui.compute.models.passes.gradient_hooks import GradientHooks
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import Encoded, encode_batch, place
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import InputError, MeasureError

LOGITS_AT_ONCE = 1 << 26
"""Most logits of one pass, 0.25 GB in float32; the backward pass needs them about three times."""
ANSWER_COST = 8
"""A token of an answer counts as so many, because the backward pass keeps its logits three times: short prompts are
many in one pass, and so are their answers."""
BUDGET_SHARE = 4
"""A pass has this fraction of the tokens of other passes, because it keeps the activations of all layers."""


@dataclass(frozen=True)
class GradientOptions:
    """Size of the passes, and the token of an encoder."""

    token_budget: int = 1024
    """Most tokens in one pass, pads included."""
    encoder_token: Literal["last", "before-eos"] = "last"  # noqa: S105 - a position, not a secret
    """See CaptureOptions."""


@dataclass(frozen=True)
class Gradients:
    """Results of one pass over B inputs."""

    rows: Rows
    """Their rows in the batch."""
    layers: list[Tensor]
    """Per layer (B, d_m) float32: w · ∂ log p / ∂w, in nats."""
    logprobs: Tensor
    """(B,) float32: log-probability of the answer."""


@dataclass(frozen=True)
class _Input:
    """One prompt with its answer."""

    prompt: Encoded
    answer: Ids

    @property
    def fed(self) -> tuple[int, ...]:
        """Tokens that the stack with the answer reads."""
        return (*(self.prompt.opening or self.prompt.ids), *self.answer[:-1])

    @property
    def first(self) -> int:
        """Position that predicts the first token of the answer."""
        return len(self.prompt.opening or self.prompt.ids) - 1


def require_gradients(model: ModelFacts) -> None:
    """Raise InputError for a model whose gradients cannot be measured."""
    if all(layer.stack == "encoder" for layer in model.layers):
        raise InputError(
            f"{model.name} is an encoder and predicts no answer after a prompt, so there is no log-probability to "
            "differentiate; remove gradient from --measures."
        )
    if model.dtype == "float16":
        raise InputError(
            "Gradients of a float16 model can be too small for float16 and become 0; use --dtype bfloat16 or float32, "
            "or leave gradient out."
        )


def gradients(
    loaded: LoadedModel,
    batch: Batch,
    targets: Targets,
    options: GradientOptions,
    take: Callable[[Gradients], None],
    progress: Phase = SILENT,
) -> None:
    """Call `take` with the gradients of every input with an answer, pass by pass.

    Raises MeasureError for a gradient that is not finite, or if one prompt does not fit into memory.
    """
    encoded = encode_batch(loaded, batch)
    answered = [row for row, target in enumerate(targets.rows) if target is not None]
    inputs = [_Input(encoded[row], target.ids) for row, target in enumerate(targets.rows) if target is not None]
    passes = progress.within("pass")

    def step(places: Rows) -> None:
        with followed(loaded.ffns, passes):
            layers, logprobs = _pass(loaded, [inputs[at] for at in places], options)
        rows = tuple(answered[at] for at in places)
        _require_finite(batch, rows, layers, loaded.dtype)
        take(Gradients(rows, layers, logprobs))

    groups = loaded.groups([len(item.prompt) for item in inputs])
    run_halving(_costs(loaded, inputs, options), groups, options.token_budget, step, passes)


def _costs(loaded: LoadedModel, inputs: Sequence[_Input], options: GradientOptions) -> list[int]:
    """Cost of each input in tokens: those that are read or, if they are more, those that its logits count as."""
    n_words = loaded.model.get_output_embeddings().weight.shape[0]
    a_token = max(ANSWER_COST, options.token_budget * n_words / LOGITS_AT_ONCE)
    return [max(len(item.prompt), len(item.fed), int(a_token * len(item.answer))) for item in inputs]


def _pass(loaded: LoadedModel, inputs: Sequence[_Input], options: GradientOptions) -> tuple[list[Tensor], Tensor]:
    """Products of every layer, and the log-probability of each answer."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        ids, mask = padded([item.fed for item in inputs], loaded.device)
        hooks = GradientHooks(loaded.ffns, _where(loaded, inputs, ids.shape[1], options))
        with hooks.active():
            logprobs = _logprobs(loaded, inputs, ids, mask)
            logprobs.sum().backward()  # type: ignore[no-untyped-call]
        return hooks.products(), logprobs.detach()


def _logprobs(loaded: LoadedModel, inputs: Sequence[_Input], ids: Tensor, mask: Tensor) -> Tensor:
    """(B,) float32: the sum over the tokens of each answer, with a graph."""
    row = [at for at, item in enumerate(inputs) for _ in item.answer]
    position = [item.first + step for item in inputs for step in range(len(item.answer))]
    token = [word for item in inputs for word in item.answer]
    rows, positions, tokens = (torch.tensor(numbers, device=loaded.device) for numbers in (row, position, token))
    with head_at_places(loaded.model, rows, positions):
        logits = _run(loaded, inputs, ids, mask)[0].float()
    tokens, rows = tokens.to(logits.device), rows.to(logits.device)
    spoken = logits.gather(-1, tokens[:, None])[:, 0] - logits.logsumexp(-1)
    return spoken.new_zeros(len(inputs)).index_add(0, rows, spoken)


def _run(loaded: LoadedModel, inputs: Sequence[_Input], ids: Tensor, mask: Tensor) -> Tensor:
    """Logits of a pass without a cache. ids, mask: (B, T) tokens of the stack with the answer."""
    given = {"input_ids": ids, "attention_mask": mask}
    if loaded.encoder_decoder:
        source, real = padded([item.prompt.ids for item in inputs], loaded.device)
        given = {"input_ids": source, "attention_mask": real, "decoder_input_ids": ids}
    logits: Tensor = loaded.model(**given, use_cache=False).logits
    return logits


def _where(loaded: LoadedModel, inputs: Sequence[_Input], n_fed: int, options: GradientOptions) -> dict[str, Where]:
    rows = torch.arange(len(inputs), device=loaded.device)
    before_eos = options.encoder_token == "before-eos"  # noqa: S105
    read = torch.tensor([item.prompt.measured(before_eos=before_eos) for item in inputs], device=loaded.device)
    if not loaded.encoder_decoder:
        return {"decoder": Where(rows, read, None, n_fed)}
    step = torch.tensor([item.first for item in inputs], device=loaded.device)
    n_read = max(len(item.prompt) for item in inputs)
    return {"encoder": Where(rows, read, None, n_read), "decoder": Where(rows, step, None, n_fed)}


def _require_finite(batch: Batch, rows: Rows, layers: Sequence[Tensor], dtype: str) -> None:
    finite = torch.stack([layer.sum(-1, dtype=torch.float64).isfinite().cpu() for layer in layers]).all(0)
    for row, good in zip(rows, finite.tolist(), strict=True):
        if not good:
            raise MeasureError(
                f"{place(batch, row)} has gradients that are not finite (the model runs in {dtype}); leave it out, use "
                "another dtype, or leave gradient out."
            )
