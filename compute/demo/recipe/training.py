"""Training: random samples in, a model that answers them out. Knows nothing of files.

What makes it fast on two cores: the loss is taken at the answer's tokens only, the LM head is
applied there only, and a batch is cut into parts of similar length so that little is padding.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerFast

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


@dataclass(frozen=True)
class Batch:
    """Token ids (batch, length), padded on the right, and where each answer token is predicted.

    rows, columns: position whose output predicts `targets`; all of the same length.
    """

    ids: Tensor
    mask: Tensor
    rows: Tensor
    columns: Tensor
    targets: Tensor


Encoded = tuple[list[int], list[int]]


def encode(tokenizer: PreTrainedTokenizerFast, drawn: list[Sample]) -> list[Encoded]:
    """Prompt and answer as token ids; the answer ends with the end-of-text token."""
    prompts = tokenizer([sample.prompt for sample in drawn])["input_ids"]
    answers = tokenizer([sample.answer for sample in drawn])["input_ids"]
    end = tokenizer.eos_token_id
    return [(prompt, [*answer, end]) for prompt, answer in zip(prompts, answers, strict=True)]


def collate(encoded: list[Encoded], pad: int) -> Batch:
    """A padded batch; every answer token is a target of the position before it."""
    lengths = [len(prompt) + len(answer) - 1 for prompt, answer in encoded]
    ids = torch.full((len(encoded), max(lengths)), pad)
    rows: list[int] = []
    columns: list[int] = []
    targets: list[int] = []
    for row, (prompt, answer) in enumerate(encoded):
        ids[row, : lengths[row]] = torch.tensor(prompt + answer[:-1])
        rows += [row] * len(answer)
        columns += range(len(prompt) - 1, lengths[row])
        targets += answer
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return Batch(ids, mask.long(), torch.tensor(rows), torch.tensor(columns), torch.tensor(targets))


def answer_loss(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Summed cross-entropy of the answers' tokens; a scalar."""
    hidden = model.base_model(batch.ids, attention_mask=batch.mask).last_hidden_state
    head: torch.nn.Module = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    logits = head(hidden[batch.rows, batch.columns])
    return cross_entropy(logits, batch.targets, reduction="sum")


def batches(encoded: list[Encoded], parts: int, pad: int) -> Iterator[Batch]:
    """The samples in parts of similar length."""
    ordered = sorted(encoded, key=lambda pair: len(pair[0]) + len(pair[1]))
    size = -(-len(ordered) // parts)
    for start in range(0, len(ordered), size):
        yield collate(ordered[start : start + size], pad)


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
    n_targets = sum(len(answer) for _, answer in encoded)
    total = 0.0
    for batch in batches(encoded, parts, pad):
        loss = answer_loss(model, batch) / n_targets
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.item()
    return total
