"""From samples to a loss: how text becomes batches, for decoders and for encoder-decoders.

The loss is taken at the answer's tokens only, the LM head is applied there only, and a batch is
cut into parts of similar length so that little is padding: three times as fast on two cores.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from neurontui.compute.demo.recipe.samples import Sample

IGNORED = -100  # what transformers takes for "no target here"


@dataclass(frozen=True)
class Encoded:
    """A sample as token ids; the answer ends with the end-of-text token."""

    prompt: list[int]
    answer: list[int]

    @property
    def length(self) -> int:
        """Tokens a decoder reads: all but the last, which is only predicted."""
        return len(self.prompt) + len(self.answer) - 1


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


def encode(tokenizer: PreTrainedTokenizerFast, drawn: list[Sample]) -> list[Encoded]:
    """Prompts as the tokenizer gives them, answers without what it puts around an input."""
    prompts = tokenizer([sample.prompt for sample in drawn])["input_ids"]
    answers = tokenizer([s.answer for s in drawn], add_special_tokens=False)["input_ids"]
    end = tokenizer.eos_token_id
    return [
        Encoded(prompt, [*answer, end]) for prompt, answer in zip(prompts, answers, strict=True)
    ]


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


def collate(encoded: list[Encoded], pad: int) -> Batch:
    """A padded batch; every answer token is a target of the position before it."""
    ids = padded([sample.prompt + sample.answer[:-1] for sample in encoded], pad)
    lengths = torch.tensor([sample.length for sample in encoded])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    rows = [row for row, sample in enumerate(encoded) for _ in sample.answer]
    columns = [c for s in encoded for c in range(len(s.prompt) - 1, s.length)]
    targets = [token for sample in encoded for token in sample.answer]
    return Batch(ids, mask, torch.tensor(rows), torch.tensor(columns), torch.tensor(targets))


def decoder_loss(model: PreTrainedModel, encoded: list[Encoded], pad: int) -> Tensor:
    """Summed cross-entropy of the answers' tokens; a scalar."""
    batch = collate(encoded, pad)
    hidden = model.base_model(batch.ids, attention_mask=batch.mask).last_hidden_state
    head: torch.nn.Module = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    logits = head(hidden[batch.rows, batch.columns])
    return cross_entropy(logits, batch.targets, reduction="sum")


def encoder_decoder_loss(model: PreTrainedModel, encoded: list[Encoded], pad: int) -> Tensor:
    """The same, where the encoder reads the prompt and the decoder writes the answer."""
    ids = padded([sample.prompt for sample in encoded], pad)
    lengths = torch.tensor([len(sample.prompt) for sample in encoded])
    mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
    labels = padded([sample.answer for sample in encoded], IGNORED)
    logits = model(input_ids=ids, attention_mask=mask, labels=labels).logits
    return cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
    )
