"""Exact effects of single neurons: log p(answer) minus that with w of one neuron set to zero.

w is set to zero at the token of measurement only. Each input is run as K copies, with another neuron silenced in each.
What a neuron cannot change is not computed again: the prompt before the token of measurement, and earlier layers where
that is tested (`find_shortcut`). All passes of an input, also the one without a silenced neuron, have the same shapes,
so that their differences are not rounding.
"""

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from neurontui.compute.answers.answer_tokens import Ids
from neurontui.compute.answers.decoder import Decoder, Reading
from neurontui.compute.answers.kv_cache import empty_cache
from neurontui.compute.models.ffns.ffn import FFN
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.not_finite import require_finite
from neurontui.compute.models.passes.forward import head_at_places
from neurontui.compute.models.passes.partial_forward import Shortcut, find_shortcut
from neurontui.compute.models.passes.silenced import padded_with_last, silenced
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens

LOGITS_AT_ONCE = 1 << 25
"""Most logits of one pass, 0.13 GB in float32 and twice that in float64."""

Shortcuts = dict[int, Shortcut]


def find_shortcuts(loaded: LoadedModel) -> Shortcuts:
    """A shortcut to every layer that has one."""
    found = {layer.layer: find_shortcut(loaded, layer.layer) for layer in loaded.layers}
    return {layer: shortcut for layer, shortcut in found.items() if shortcut is not None}


@dataclass
class Copies:
    """One input with an answer, run as K equal rows."""

    loaded: LoadedModel
    prompt: Encoded
    answer: Ids
    token: int
    """Index of the token of measurement in the prompt."""
    shortcuts: Shortcuts
    n_rows: int
    """K."""

    def effects(self, ffn: FFN, neurons: Tensor) -> Tensor:
        """(n,) float64: effect of each of some neurons of an FFN, in nats."""
        starts = range(0, len(neurons), self.n_rows)
        return torch.cat([self._effects(ffn, neurons[start : start + self.n_rows]) for start in starts])

    def _effects(self, ffn: FFN, neurons: Tensor) -> Tensor:
        shortcut = self.shortcuts.get(ffn.layer.layer)
        plain = self._plain  # run before the hooks are active
        with (
            silenced(ffn, padded_with_last(neurons, self.n_rows), self._position(ffn)),
            shortcut.resuming() if shortcut else nullcontext(),
        ):
            without = self._logprobs()
        return (plain - without)[: len(neurons)]

    @cached_property
    def _plain(self) -> Tensor:
        """(K,) log-probability of the answer in each row, without a silenced neuron; records the shortcuts."""
        with ExitStack() as stack:
            for shortcut in self.shortcuts.values():
                stack.enter_context(shortcut.recording())
            return self._logprobs()

    def _logprobs(self) -> Tensor:
        """(K,) float64: log-probability of the answer in each row."""
        spoken = self._logits().double().log_softmax(-1)
        tokens = torch.tensor(self.answer, device=spoken.device).repeat(self.n_rows)
        return spoken.gather(-1, tokens[:, None]).view(self.n_rows, -1).sum(-1).cpu()

    def _logits(self) -> Tensor:
        """(K · answer tokens, V): logits before each token of the answer, row by row."""
        raise NotImplementedError

    def _position(self, ffn: FFN) -> int:
        """Index of the token of measurement among the tokens that an FFN reads in `_logits`."""
        raise NotImplementedError

    def _places(self, first: int) -> tuple[Tensor, Tensor]:
        """Row and position of the tokens that predict the answer, whose first token is predicted at `first`."""
        device = self.loaded.device
        rows = torch.arange(self.n_rows, device=device).repeat_interleave(len(self.answer))
        return rows, (first + torch.arange(len(self.answer), device=device)).repeat(self.n_rows)

    def _rows(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([list(ids)] * self.n_rows, device=self.loaded.device)


@dataclass
class DecoderCopies(Copies):
    """For decoder-only models: the prompt before the token of measurement is read once, into a KV cache."""

    def _logits(self) -> Tensor:
        rows = torch.zeros(self.n_rows, dtype=torch.long, device=self.loaded.device)
        ids = self._rows((*self.prompt.ids[self.token :], *self.answer[:-1]))
        places = self._places(len(self.prompt) - 1 - self.token)
        _, logits = self._decoder.extend(self._before.select(rows), ids, torch.ones_like(ids), places)
        return logits

    def _position(self, ffn: FFN) -> int:
        return 0

    @cached_property
    def _decoder(self) -> Decoder:
        return Decoder(self.loaded)

    @cached_property
    def _before(self) -> Reading:
        """The prompt up to the token of measurement, in one row."""
        room = len(self.prompt) - self.token + len(self.answer)
        device = self.loaded.device
        ids = torch.tensor([self.prompt.ids[: self.token]], dtype=torch.long, device=device)
        n = torch.tensor([self.token], device=device)
        if not self.token:
            zero = torch.zeros(1, dtype=torch.long, device=device)
            return Reading(zero, empty_cache(self.loaded, room), torch.ones_like(ids), n)
        return self._decoder.read(Tokens(ids, torch.ones_like(ids), n - 1, ids[:, :0]), room)[0]


@dataclass
class EncoderDecoderCopies(Copies):
    """For encoder-decoders: the encoder runs again only for its own neurons."""

    def effects(self, ffn: FFN, neurons: Tensor) -> Tensor:
        self._in_encoder = ffn.layer.stack == "encoder"
        self.__dict__.pop("_plain", None)
        return super().effects(ffn, neurons)

    def _logits(self) -> Tensor:
        ids = self._rows((*self.prompt.opening, *self.answer[:-1]))
        source = self._rows(self.prompt.ids)
        given: dict[str, Any] = {"input_ids": source} if self._in_encoder else {"encoder_outputs": self._encoded}
        with head_at_places(self.loaded.model, *self._places(len(self.prompt.opening) - 1)):
            logits: Tensor = self.loaded.model(
                **given, attention_mask=torch.ones_like(source), decoder_input_ids=ids, use_cache=False
            ).logits
        require_finite(logits[0], self.loaded.name, self.loaded.dtype)
        return logits[0].float()

    def _position(self, ffn: FFN) -> int:
        return self.token if ffn.layer.stack == "encoder" else len(self.prompt.opening) - 1

    @cached_property
    def _encoded(self) -> BaseModelOutput:
        source = self._rows(self.prompt.ids)
        encoder = self.loaded.model.get_encoder()
        return BaseModelOutput(encoder(input_ids=source, attention_mask=torch.ones_like(source))[0])


def copies_of(
    loaded: LoadedModel,
    prompt: Encoded,
    answer: Ids,
    token: int,
    shortcuts: Shortcuts,
    n_neurons: int,
    token_budget: int,
) -> Copies:
    """An input as many copies as fit into a pass, at most `n_neurons`."""
    n_words = loaded.model.get_output_embeddings().weight.shape[0]
    n_tokens = len(prompt) + len(prompt.opening) + len(answer)
    most = min(token_budget // n_tokens, LOGITS_AT_ONCE // (n_words * len(answer)))
    kind = EncoderDecoderCopies if loaded.encoder_decoder else DecoderCopies
    own = {layer: Shortcut(shortcut.blocks, shortcut.first) for layer, shortcut in shortcuts.items()}
    return kind(loaded, prompt, answer, token, own, max(1, min(n_neurons, most)))
