"""What the model says: greedy decoding of a few tokens, going on from a reading of the prompts."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from neurontui.compute.answers.decoder import Decoder, Reading


@dataclass
class Ending:
    """Which tokens end an answer: end-of-text, and a line break behind the first words."""

    tokenizer: Any
    eos: frozenset[int]
    _breaks: dict[int, bool] = field(default_factory=dict)

    def is_over(self, said: list[int]) -> bool:
        """Whether the last token of what was said ends the answer."""
        if said[-1] in self.eos:
            return True
        return self._breaks_line(said[-1]) and bool(self.text(said[:-1]).strip())

    def text(self, said: list[int]) -> str:
        """The answer as text: its first line with anything on it, without special tokens."""
        decoded = str(self.tokenizer.decode(said, skip_special_tokens=True)).strip()
        return decoded.splitlines()[0].strip() if decoded else ""

    def _breaks_line(self, token: int) -> bool:
        if token not in self._breaks:
            self._breaks[token] = "\n" in str(self.tokenizer.decode([token]))
        return self._breaks[token]


def ending(model: Any, tokenizer: Any) -> Ending:
    """The ending of a model's answers, by its generation configuration and its tokenizer."""
    eos: set[int] = set()
    for source in (model.generation_config, model.config, tokenizer):
        found = getattr(source, "eos_token_id", None)
        eos.update(found if isinstance(found, (list, tuple)) else () if found is None else (found,))
    return Ending(tokenizer, frozenset(eos))


def greedy(decoder: Decoder, reading: Reading, logits: Tensor, ending: Ending, max_new_tokens: int) -> list[list[int]]:
    """Tokens that each row says, each the likeliest one; ends at an ending or after `max_new_tokens`.

    reading, logits: what reading the prompts returned; uses up the cache. Rows that are over leave the batch once
    they are half of it.
    """
    said: list[list[int]] = [[] for _ in range(len(logits))]
    present = list(range(len(said)))
    speaking = set(present)
    for step in range(max_new_tokens):
        tokens = logits.argmax(-1)
        for row, token in zip(present, tokens.tolist(), strict=True):
            if row in speaking:
                said[row].append(token)
        speaking = {row for row in speaking if not ending.is_over(said[row])}
        if not speaking or step + 1 == max_new_tokens:
            break
        if 2 * len(speaking) <= len(present):
            kept = [i for i, row in enumerate(present) if row in speaking]
            present = [present[i] for i in kept]
            chosen = torch.tensor(kept, device=tokens.device)
            reading, tokens = reading.select(chosen), tokens[chosen]
        ids = tokens[:, None]
        reading, following = decoder.extend(reading, ids, torch.ones_like(ids))
        logits = following[:, -1]
    return said
