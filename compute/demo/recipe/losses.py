"""Batches and losses of samples, for decoders and for encoder-decoders.

The loss has a higher weight on the answers, which the model has to generate; from the prompts it learns to recognize
names that occurred before. A batch is cut into parts of similar length to reduce padding, which is twice as fast on two
cores.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neurontui.compute.demo.recipe.samples import Sample

IGNORED = -100  # target ignored by transformers


@dataclass(frozen=True)
class Encoded:
    """A sample as token ids; the answer ends with the end-of-text token."""

    prompt: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        """Tokens that a decoder reads: all except the last, which is only predicted."""
        return len(self.prompt) + len(self.answer) - 1


@dataclass(frozen=True)
class Batch:
    """All (batch, length), padded on the right: token ids, their mask, targets and target weights.

    targets: the next token. weights: 1 if it is part of the answer, less in the prompt, 0 in the padding.
    """

    ids: Tensor
    mask: Tensor
    targets: Tensor
    weights: Tensor


def encode(tokenizer: PreTrainedTokenizerFast, drawn: list[Sample]) -> list[Encoded]:
    """Prompts as tokenized, answers without special tokens."""
    prompts = tokenizer([sample.prompt for sample in drawn])["input_ids"]
    answers = tokenizer([s.answer for s in drawn], add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    return [Encoded(prompt, [*answer, end]) for prompt, answer in zip(prompts, answers, strict=True)]


def in_parts(encoded: list[Encoded], parts: int) -> Iterator[list[Encoded]]:
    """The samples in parts of similar length."""
    ordered = sorted(encoded, key=lambda sample: sample.length)
    size = -(-len(ordered) // parts)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def padded(rows: list[list[int]], filler: int) -> Tensor:
    """Token ids (batch, longest), filled up on the right."""
    ids = torch.full((len(rows), max(map(len, rows))), filler)
    for row, tokens in zip(ids, rows, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    return ids


def collate(encoded: list[Encoded], pad: int, prompt_weight: float) -> Batch:
    """A padded batch in which every position predicts its successor."""
    ids = padded([sample.prompt + sample.answer[:-1] for sample in encoded], pad)
    targets = padded([(sample.prompt + sample.answer)[1:] for sample in encoded], pad)
    starts = torch.tensor([len(sample.prompt) - 1 for sample in encoded])[:, None]
    lengths = torch.tensor([sample.length for sample in encoded])[:, None]
    position = torch.arange(ids.shape[1])
    mask = (position < lengths).long()
    weights = torch.where(position < starts, prompt_weight, 1.0) * mask
    return Batch(ids, mask, targets, weights)


def decoder_loss(model: PreTrainedModel, encoded: list[Encoded], pad: int, prompt_weight: float) -> Tensor:
    """Weighted sum of the cross-entropy of every next token; a scalar."""
    batch = collate(encoded, pad, prompt_weight)
    real = batch.mask.bool()
    hidden = model.base_model(batch.ids, attention_mask=batch.mask).last_hidden_state
    head: torch.nn.Module = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    losses = cross_entropy(head(hidden[real]), batch.targets[real], reduction="none")
    return losses @ batch.weights[real]


def encoder_decoder_loss(model: PreTrainedModel, encoded: list[Encoded], pad: int) -> Tensor:
    """The same for a model whose encoder reads the prompt and whose decoder generates the answer."""
    ids = padded([sample.prompt for sample in encoded], pad)
    lengths = torch.tensor([len(sample.prompt) for sample in encoded])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    labels = padded([sample.answer for sample in encoded], IGNORED)
    logits = model(input_ids=ids, attention_mask=mask, labels=labels).logits
    return cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum")
