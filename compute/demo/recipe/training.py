"""Train a model on random samples. Does not read or write files."""

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
class Lesson:
    """One cycle of AdamW: number of steps, data and rate. Batches are cut into parts by length.

    mix: share of each task. prompt_weight: weight of a prompt's token relative to an answer's.
    """

    steps: int
    mix: dict[str, float]
    peak_rate: float
    prompt_weight: float = 0.0
    batch_size: int = 48
    parts: int = 3
    warmup: float = 0.1
    weight_decay: float = 0.01


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    stream: Iterator[Sample],
    lesson: Lesson,
    report: Callable[[int, float], None],
) -> None:
    """Train in place. `report` gets the step (1-based) and the loss per answer token."""
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=lesson.peak_rate,
        weight_decay=lesson.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lesson.peak_rate, total_steps=lesson.steps, pct_start=lesson.warmup
    )
    model.train()
    for step in range(1, lesson.steps + 1):
        encoded = encode(tokenizer, list(islice(stream, lesson.batch_size)))
        loss = backward(model, encoded, lesson, tokenizer.pad_token_id)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        cycle.step()
        optimizer.zero_grad()
        report(step, loss)


def backward(model: PreTrainedModel, encoded: list[Encoded], lesson: Lesson, pad: int) -> float:
    """Gradients of the loss per answer token, over all parts; returns that loss."""
    n_targets = sum(len(sample.answer) for sample in encoded)
    total = 0.0
    for part in in_parts(encoded, lesson.parts):
        if model.config.is_encoder_decoder:
            summed = encoder_decoder_loss(model, part, pad)
        else:
            summed = decoder_loss(model, part, pad, lesson.prompt_weight)
        loss = summed / n_targets
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total
