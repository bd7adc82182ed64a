"""Generate answers: greedy decoding of a few tokens after the prompts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.answers.decoder import Decoder, Reading


@dataclass
class Ending:
    """Tokens that end an answer: end-of-text, and a line break after the first words."""

    tokenizer: Any
    eos: frozenset[int]
    _breaks: dict[int, bool] = field(default_factory=dict)

    def is_over(self, generated: list[int]) -> bool:
        """Whether the last generated token ends the answer."""
        if generated[-1] in self.eos:
            return True
        return self._breaks_line(generated[-1]) and bool(self.text(generated[:-1]).strip())

    def cut(self, tokens: Sequence[int], limit: int) -> list[int]:
        """The tokens up to the one that ends the answer, at most `limit`."""
        generated: list[int] = []
        for token in tokens[:limit]:
            generated.append(token)
            if self.is_over(generated):
                break
        return generated

    def text(self, generated: list[int]) -> str:
        """The answer as text: its first nonempty line, without special tokens."""
        decoded = str(self.tokenizer.decode(generated, skip_special_tokens=True)).strip()
        return decoded.splitlines()[0].strip() if decoded else ""

    def _breaks_line(self, token: int) -> bool:
        if token not in self._breaks:
            self._breaks[token] = "\n" in str(self.tokenizer.decode([token]))
        return self._breaks[token]


def ending(model: Any, tokenizer: Any) -> Ending:
    """The ending of a model's answers, from its generation configuration and its tokenizer."""
    eos: set[int] = set()
    for source in (model.generation_config, model.config, tokenizer):
        tokens = getattr(source, "eos_token_id", None)
        eos.update(tokens if isinstance(tokens, (list, tuple)) else () if tokens is None else (tokens,))
    return Ending(tokenizer, frozenset(eos))


def greedy(decoder: Decoder, reading: Reading, logits: Tensor, ending: Ending, max_new_tokens: int) -> list[list[int]]:
    """Most likely tokens of each row, until an ending or `max_new_tokens`.

    reading, logits: result of `Decoder.read`; the cache is modified. Finished rows are removed from the batch when they
    are half of it.
    """
    generated: list[list[int]] = [[] for _ in range(len(logits))]
    present = list(range(len(generated)))
    unfinished = set(present)
    for step in range(max_new_tokens):
        tokens = logits.argmax(-1)
        for row, token in zip(present, tokens.tolist(), strict=True):
            if row in unfinished:
                generated[row].append(token)
        unfinished = {row for row in unfinished if not ending.is_over(generated[row])}
        if not unfinished or step + 1 == max_new_tokens:
            break
        if 2 * len(unfinished) <= len(present):
            kept = [i for i, row in enumerate(present) if row in unfinished]
            present = [present[i] for i in kept]
            chosen = torch.tensor(kept, device=tokens.device)
            reading, tokens = reading.select(chosen), tokens[chosen]
        ids = tokens[:, None]
        reading, following = decoder.extend(reading, ids, torch.ones_like(ids))
        logits = following[:, -1]
    return generated
