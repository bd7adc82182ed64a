"""Judge and rank answers for some inputs of a batch under one ablation condition after another.

A condition costs about one forward pass over the prompts, which the expected answers, ranked choices and, if requested,
generated answers continue. Work that a condition does not affect is not repeated: earlier layers if only later ones are
ablated, and the prompt without its last token if only that token is ablated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.sets import Off, Sets
from neurontui.compute.ablation.sources import Sources
from neurontui.compute.answers.decoder import Decoder, Reading
from neurontui.compute.answers.judge import Outcome
from neurontui.compute.answers.kv_cache import borrow_layers
from neurontui.compute.answers.predict import Predictions, Prepared, answer, padded_prompts
from neurontui.compute.answers.teacher_forcing import forced_answer
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.microbatches import Rows
from neurontui.compute.models.passes.partial_forward import Shortcut, find_shortcut
from neurontui.compute.models.prompts.tokenize import Tokens
from neurontui.store.journal.manifest import Condition


@dataclass(frozen=True)
class Result:
    """Outcome of one input under one condition, and the number of ablated neurons."""

    outcome: Outcome
    n_ablated: int


def judged(
    options: AblationOptions, decoder: Decoder, prepared: Prepared, rows: Rows, reading: Reading, logits: Tensor
) -> list[Outcome]:
    """Outcomes of some rows after reading their prompts, by generation or by teacher forcing."""
    way = answer if options.judge == "generated" else forced_answer
    return way(decoder, prepared, rows, options.answers, reading, logits)


@dataclass
class Trial:
    """Some inputs of a batch, few enough for one forward pass."""

    loaded: LoadedModel
    prepared: Prepared
    rows: Rows
    sets: Sets
    options: AblationOptions
    sources: Sources

    def run(self, condition: Condition, reused: Predictions | None) -> list[Result]:
        """Results in the order of the rows. reused: outcomes to return instead of running the model."""
        if reused is not None:
            return [Result(reused.rows[row], 0) for row in self.rows]
        if condition.kind == "baseline":
            decoder = Decoder(self.loaded)
            outcomes = self._answer(decoder, *decoder.read(self._tokens, self.prepared.room))
            return [Result(outcome, 0) for outcome in outcomes]
        off = self.sets.off(condition)
        return [Result(outcome, n) for outcome, n in zip(self._without(condition, off), self._count(off), strict=True)]

    def _without(self, condition: Condition, off: Off) -> list[Outcome]:
        reuse = condition.scope == "last" and not self.loaded.encoder_decoder
        before = self._plain if reuse or self._shortcut else None  # read before the hooks are active
        replacement = self.sources.replacement(condition)  # may run the model, so before the hooks too
        with ablate(self.loaded.ffns, off, replacement=replacement, scope=condition.scope) as intervention:
            decoder = Decoder(self.loaded, intervention)
            if reuse and before is not None:
                reading, logits = decoder.reread_last(before, self._tokens)
            else:
                reading, logits = self._read(decoder)
            return self._answer(decoder, reading, logits)

    def _read(self, decoder: Decoder) -> tuple[Reading, Tensor]:
        if self._shortcut is None:
            return decoder.read(self._tokens, self.prepared.room)
        with self._shortcut.resuming():
            reading, logits = decoder.read(self._tokens, self.prepared.room)
        borrow_layers(reading.cache, self._plain.cache, self._shortcut.first)
        return reading, logits

    def _answer(self, decoder: Decoder, reading: Reading, logits: Tensor) -> list[Outcome]:
        return judged(self.options, decoder, self.prepared, self.rows, reading, logits)

    @cached_property
    def _plain(self) -> Reading:
        """The prompts, read without ablation; its cache is only copied."""
        decoder = Decoder(self.loaded)
        if self._shortcut is None:
            return decoder.read(self._tokens, self.prepared.room)[0]
        with self._shortcut.recording():
            return decoder.read(self._tokens, self.prepared.room)[0]

    @cached_property
    def _shortcut(self) -> Shortcut | None:
        layers = self.options.layers
        return find_shortcut(self.loaded, min(layers)) if layers else None

    @cached_property
    def _tokens(self) -> Tokens:
        return padded_prompts(self.loaded, self.prepared, self.rows)

    def _count(self, off: Off) -> Sequence[int]:
        counts = torch.zeros(len(self.rows), dtype=torch.long)
        for switched in off.values():
            counts += switched.sum(-1).cpu()
        n_ablated: list[int] = counts.tolist()
        return n_ablated
