"""Read prompts once and continue them several times: ranking and generation share one KV cache.

Prompts are padded on the right, and appended tokens come after the pads with the positions they would have without
them. Does not depend on answers; of ablation it only passes the rows of each forward pass to the hooks.
"""

import inspect
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from neurontui.compute.answers.kv_cache import empty_cache, select_rows
from neurontui.compute.models.loaded_model import LoadedModel, first_position
from neurontui.compute.models.not_finite import require_finite
from neurontui.compute.models.passes.ablation_hooks import Intervention
from neurontui.compute.models.passes.forward import head_at, head_at_places
from neurontui.compute.models.prompts.tokenize import Tokens

Places = tuple[Tensor, Tensor]
"""Tokens of a pass: (N,) row and (N,) position."""


@dataclass(frozen=True)
class Reading:
    """State of a model after prompts and appended tokens."""

    rows: Tensor
    """(R,) row of the first forward pass, the index of an intervention's sets."""
    cache: Any
    mask: Tensor
    """(R, slots) int64: 1 for slots of the cache with real tokens; for an encoder-decoder, slots of the encoder."""
    lengths: Tensor
    """(R,) int64: real tokens so far, the position of the next one."""
    encoded: Tensor | None = None
    """(R, T, H) of the encoder."""

    def select(self, rows: Tensor) -> "Reading":
        """Some rows, possibly repeated, with their own cache."""
        return replace(
            self,
            rows=self.rows[rows],
            cache=select_rows(self.cache, rows),
            mask=self.mask[rows],
            lengths=self.lengths[rows],
            encoded=None if self.encoded is None else self.encoded[rows],
        )


class Decoder:
    """A model with its active hooks."""

    def __init__(self, loaded: LoadedModel, intervention: Intervention | None = None) -> None:
        self.loaded = loaded
        self.intervention = intervention
        self._takes_positions = takes_position_ids(loaded.model)
        self._first_position = first_position(loaded.model)

    def read(self, tokens: Tokens, room: int) -> tuple[Reading, Tensor]:
        """Read prompts. tokens: right-padded (R, T); room: most tokens that will be appended.

        Returns the state after the prompts, and logits (R, V) float32 of the next token. As all methods that return
        logits, it raises MeasureError where they are not finite.
        """
        rows = torch.arange(len(tokens.ids), device=tokens.ids.device)
        if self.loaded.encoder_decoder:
            return self._read_encoder_decoder(tokens, rows, room)
        self._aim(rows, {"decoder": tokens.last})
        with head_at(self.loaded.model, tokens.last):
            outputs = self.loaded.model(
                input_ids=tokens.ids,
                attention_mask=tokens.mask,
                past_key_values=empty_cache(self.loaded, room),
                use_cache=True,
            )
        reading = Reading(rows, outputs.past_key_values, tokens.mask, tokens.last + 1)
        return reading, self._finite(outputs.logits[:, -1])

    def _read_encoder_decoder(self, tokens: Tokens, rows: Tensor, room: int) -> tuple[Reading, Tensor]:
        self._aim(rows, {"encoder": tokens.last, "decoder": tokens.step})
        outputs = self.loaded.model(
            input_ids=tokens.ids,
            attention_mask=tokens.mask,
            decoder_input_ids=tokens.opening,
            past_key_values=empty_cache(self.loaded, room),
            use_cache=True,
        )
        reading = Reading(
            rows=rows,
            cache=outputs.past_key_values,
            mask=tokens.mask,
            lengths=tokens.step + 1,
            encoded=outputs.encoder_last_hidden_state,
        )
        return reading, self._finite(outputs.logits[:, -1])

    def reread_last(self, reading: Reading, tokens: Tokens) -> tuple[Reading, Tensor]:
        """Read the last token of each prompt again after an earlier reading. For decoder-only models.

        Earlier tokens are not read again, so the current hooks do not affect them. Does not modify `reading`.
        """
        every = torch.arange(len(tokens.ids), device=tokens.ids.device)
        before = reading.select(every)
        mask = before.mask
        if int(tokens.last.min()) + 1 == mask.shape[1]:  # no pads: the last slot belongs to the last token
            before.cache.crop(-1)
            mask = mask[:, :-1]
        else:
            mask = mask.index_put((every, tokens.last), torch.zeros_like(tokens.last))
        before = replace(before, mask=mask, lengths=before.lengths - 1)
        last = tokens.ids[every, tokens.last][:, None]
        self._aim(before.rows, {"decoder": torch.zeros_like(tokens.last)})
        after, logits = self._append(before, last, torch.ones_like(last), None)
        return after, logits[:, -1]

    def extend(self, reading: Reading, ids: Tensor, mask: Tensor, at: Places | None = None) -> tuple[Reading, Tensor]:
        """Append tokens. ids, mask: (R, L), padded on the right. Modifies the cache of `reading`.

        Returns the state after them, and logits float32 after each token, (R, L, V), or only after the N tokens `at`,
        (N, V), without running the LM head for the others.
        """
        self._aim(reading.rows, None)
        return self._append(reading, ids, mask, at)

    def _append(self, reading: Reading, ids: Tensor, mask: Tensor, at: Places | None) -> tuple[Reading, Tensor]:
        with head_at_places(self.loaded.model, *at) if at is not None else nullcontext():
            whole, outputs = self._outputs(reading, ids, mask)
        after = replace(
            reading,
            cache=outputs.past_key_values,
            mask=whole,
            lengths=reading.lengths + mask.sum(-1),
        )
        return after, self._finite(outputs.logits, mask) if at is None else self._finite(outputs.logits[0])

    def _finite(self, logits: Tensor, mask: Tensor | None = None) -> Tensor:
        """Logits as float32; mask: 0 for those of pads."""
        require_finite(logits, self.loaded.name, self.loaded.dtype, mask, changed=self.intervention is not None)
        return logits.float()

    def _outputs(self, reading: Reading, ids: Tensor, mask: Tensor) -> tuple[Tensor, Any]:
        """The mask of all slots, and what the model returns for appended tokens."""
        if self.loaded.encoder_decoder:
            return reading.mask, self._extend_encoder_decoder(reading, ids)
        whole = torch.cat([reading.mask, mask], dim=1)
        outputs = self.loaded.model(
            input_ids=ids,
            attention_mask=whole,
            past_key_values=reading.cache,
            use_cache=True,
            **self._positions(reading, mask),
        )
        return whole, outputs

    def _extend_encoder_decoder(self, reading: Reading, ids: Tensor) -> Any:
        return self.loaded.model(
            encoder_outputs=BaseModelOutput(last_hidden_state=reading.encoded),
            attention_mask=reading.mask,
            decoder_input_ids=ids,
            past_key_values=reading.cache,
            use_cache=True,
        )

    def _positions(self, reading: Reading, mask: Tensor) -> dict[str, Tensor]:
        """Positions of appended tokens; pads repeat the last one, which is always one that the model has."""
        if not self._takes_positions:
            return {}
        steps = (mask.cumsum(-1) - 1).clamp(min=0)
        return {"position_ids": self._first_position + reading.lengths[:, None] + steps}

    def _aim(self, rows: Tensor, last: dict[str, Tensor] | None) -> None:
        if self.intervention is not None:
            self.intervention.aim(rows, last)


def takes_position_ids(model: Any) -> bool:
    """Whether the forward method of a model accepts position_ids."""
    return "position_ids" in inspect.signature(model.forward).parameters


def padded(sequences: Sequence[Sequence[int]], device: Any) -> tuple[Tensor, Tensor]:
    """Token sequences as ids and mask (R, L), padded on the right with a masked id."""
    longest = max(len(sequence) for sequence in sequences)
    ids = torch.tensor([[*sequence, *[0] * (longest - len(sequence))] for sequence in sequences], device=device)
    lengths = torch.tensor([len(sequence) for sequence in sequences], device=device)
    mask = (torch.arange(longest, device=device) < lengths[:, None]).long()
    return ids, mask
