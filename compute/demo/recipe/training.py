"""Training: random samples in, a model that answers them out. Knows nothing of files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neurontui.compute.demo.recipe.losses import (
    Encoded,
    decoder_loss,
    encode,
    encoder_decoder_loss,
    in_parts,
)
from neurontui.compute.demo.recipe.samples import Sample


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: a one-cycle AdamW, batches cut into parts by length."""

    steps: int
    batch_size: int = 48
    parts: int = 3
    peak_rate: float = 2e-3
    warmup: float = 0.1
    weight_decay: float = 0.01


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    stream: Iterator[Sample],
    schedule: Schedule,
    report: Callable[[int, float], None],
) -> None:
    """Train in place. `report` gets the step (1-based) and the mean loss of an answer token."""
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=schedule.peak_rate,
        weight_decay=schedule.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, schedule.peak_rate, total_steps=schedule.steps, pct_start=schedule.warmup
    )
    model.train()
    for step in range(1, schedule.steps + 1):
        encoded = encode(tokenizer, list(islice(stream, schedule.batch_size)))
        loss = backward(model, encoded, schedule.parts, tokenizer.pad_token_id)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        cycle.step()
        optimizer.zero_grad()
        report(step, loss)


def backward(model: PreTrainedModel, encoded: list[Encoded], parts: int, pad: int) -> float:
    """Gradients of the mean loss of an answer token, over all parts; returns that loss."""
    summed_loss = encoder_decoder_loss if model.config.is_encoder_decoder else decoder_loss
    n_targets = sum(len(sample.answer) for sample in encoded)
    total = 0.0
    for part in in_parts(encoded, parts):
        loss = summed_loss(model, part, pad) / n_targets
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total
