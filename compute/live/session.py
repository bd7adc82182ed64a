"""A loaded model that answers the questions of a live prompt."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor

from neurontui.compute.answers.predict import AnswerOptions, Prepared, unanswerable
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch, Capture, unplanned
from neurontui.compute.live.change import chosen_neurons
from neurontui.compute.live.continue_prompts import BUDGET, Continued, Watched, continue_prompts, prepared
from neurontui.compute.live.describe import model_options
from neurontui.compute.live.messages import (
    MOST_CHARACTERS,
    Answered,
    Ask,
    Change,
    LanguageAnswer,
    Loaded,
    ModelSettings,
    Neuron,
)
from neurontui.compute.live.stopping import stopping
from neurontui.compute.live.summary import counts, norms_of, strongest, types_of
from neurontui.compute.models.load.load import load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.ablation_hooks import ablate
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.replacements import Replacement
from neurontui.compute.models.prompts.token_texts import prompt_token_texts
from neurontui.compute.models.prompts.tokenize import Encoded, encode_batch
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.tasks.example import Example
from neurontui.store.errors import InputError, NeurontuiError

MOST_TOKENS = 2048
"""Tokens of one prompt: attention takes memory by the square of this."""


@dataclass(frozen=True)
class Session:
    """A model in memory, with the settings of the run it belongs to."""

    loaded: LoadedModel
    settings: ModelSettings
    norms: list[Tensor]

    @property
    def facts(self) -> Loaded:
        """What the explorer shows about the model."""
        loaded, digest = self.loaded, self.settings.digest
        notes = []
        if self.settings.token == "subject":  # noqa: S105 - a position, not a secret
            notes.append("The run measures at the subject of a prompt; here types are those of its last token.")
        return Loaded(
            name=loaded.name,
            placement=loaded.placement,
            layers=tuple(layer.n_neurons for layer in loaded.layers),
            same_weights=None if digest is None or loaded.digest is None else digest == loaded.digest,
            notes=tuple(notes),
        )

    @torch.inference_mode()
    def ask(self, question: Ask, is_stopped: Callable[[], bool] = lambda: False) -> Answered:
        """Answer a question. Raises InputError, MeasureError and StoppedError."""
        began, loaded = time.monotonic(), self.loaded
        self._require_neurons(question)
        batch = _batch(question)
        with stopping(loaded.ffns, is_stopped):
            encoded = self._encoded(batch, question.n_tokens)
            captured = capture(loaded, batch, self._capture_options())
            types = types_of(captured, self.settings.threshold)
            prompts = prepared(loaded, encoded, question.n_tokens)
            before = continue_prompts(loaded, prompts, watched=self._watched(question.neuron))
            after, n_changed = self._changed(question.change, prompts, types)
        return Answered(
            number=question.number,
            languages=self._languages(question, encoded, captured, before, after),
            types=counts(types),
            strongest=strongest(loaded.ffns, captured, types, self.norms, gate=self.settings.weight == "gate"),
            n_changed=n_changed,
            seconds=time.monotonic() - began,
        )

    def _capture_options(self) -> CaptureOptions:
        return CaptureOptions(
            threshold=self.settings.threshold,
            activation="product" if self.settings.activation == "product" else "gate",
            any_token=False,
            token_budget=BUDGET,
            encoder_token="before-eos" if self.settings.encoder_token == "before-eos" else "last",  # noqa: S105
        )

    def _encoded(self, batch: Batch, n_tokens: int) -> list[Encoded]:
        """The prompts as tokens; raises InputError for one that is too long."""
        encoded = encode_batch(self.loaded, batch)
        for language, prompt in zip(batch.languages, encoded, strict=True):
            if len(prompt) > MOST_TOKENS:
                raise InputError(
                    f"The prompt in '{language}' has {len(prompt):,} tokens, more than the {MOST_TOKENS:,} of a live "
                    "prompt; shorten it."
                )
        if not self.loaded.encoder_only:
            targets, options = Targets((None,) * len(encoded)), AnswerOptions(max_new_tokens=n_tokens)
            for invalid in unanswerable(self.loaded, batch, encoded, targets, options):
                raise InputError(invalid.sentence)
        return encoded

    def _changed(
        self, change: Change | None, prompts: Prepared, types: list[Tensor]
    ) -> tuple[Sequence[Continued | None], int]:
        """The prompts with a change, and the number of neurons that it changes."""
        nothing: tuple[None, ...] = (None,) * len(prompts.encoded)
        if change is None:
            return nothing, 0
        chosen = chosen_neurons(self.loaded, change, types)
        with ablate(self.loaded.ffns, chosen, replacement=Replacement(change.factor)) as intervention:
            after = continue_prompts(self.loaded, prompts, intervention)
        return after, sum(int(neurons.sum()) for neurons in chosen.values())

    def _watched(self, neuron: Neuron | None) -> Watched | None:
        if neuron is None:
            return None
        return Watched(self.loaded.ffns[neuron[0]], neuron[1], product=self.settings.activation == "product")

    def _languages(
        self,
        question: Ask,
        encoded: list[Encoded],
        captured: Capture,
        before: Sequence[Continued],
        after: Sequence[Continued | None],
    ) -> tuple[LanguageAnswer, ...]:
        return tuple(
            LanguageAnswer(
                language=language,
                tokens=tuple(prompt_token_texts(self.loaded, text, language, encoded[row])),
                heat=before[row].heat,
                value=_value(captured, question.neuron, row),
                before=before[row].outcome,
                after=now.outcome if (now := after[row]) is not None else None,
            )
            for row, (language, text) in enumerate(question.prompts)
        )

    def _require_neurons(self, question: Ask) -> None:
        """Raise InputError for a neuron that the model does not have."""
        neurons = question.change.neurons if question.change is not None else ()
        layers = self.loaded.layers
        for layer, neuron in (*neurons, *filter(None, [question.neuron])):
            if not (0 <= layer < len(layers) and 0 <= neuron < layers[layer].n_neurons):
                raise InputError(
                    f"{self.loaded.name} has no neuron {neuron} in layer {layer}; choose one of its "
                    f"{len(layers)} layers, counted from 0."
                )


def load(settings: ModelSettings, progress: Phase = SILENT) -> Session:
    """Load a run's model. Raises ModelError."""
    loaded = load_model(model_options(settings), progress=progress)
    session = Session(loaded, settings, norms_of(loaded.ffns))
    progress.within("a first answer")
    with suppress(NeurontuiError):  # libraries start slowly, and the first question should not wait for that
        session.ask(Ask(0, (("en", "A"),), change=Change(((0, 0),)), n_tokens=2))
    return session


def _batch(question: Ask) -> Batch:
    """The prompts as the one example of a batch; raises InputError for one that is no text."""
    for language, prompt in question.prompts:
        if len(prompt) > MOST_CHARACTERS:
            raise InputError(
                f"The prompt in '{language}' has {len(prompt):,} characters, more than the {MOST_CHARACTERS:,} of a "
                "live prompt; shorten it."
            )
        try:
            prompt.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"The prompt in '{language}' has half a character (U+{ord(prompt[error.start]):04X}, a lone "
                "surrogate); remove it."
            ) from None
    if not question.prompts:
        raise InputError("There is no prompt; type one.")
    example = Example("live", "live", dict(question.prompts))
    return unplanned([example], [language for language, _ in question.prompts])


def _value(captured: Capture, neuron: Neuron | None, row: int) -> float | None:
    return None if neuron is None else float(captured.activations[neuron[0]][0, row, neuron[1]])
