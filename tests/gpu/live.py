"""A live prompt on the device, against the CPU: heat, types, next tokens and answers, before and after a change."""

import torch

from neurontui.compute.live.messages import Answered, Ask, Change, ModelSettings
from neurontui.compute.live.session import Session
from neurontui.compute.live.summary import norms_of
from neurontui.compute.models.loaded_model import LoadedModel
from tests.gpu.models import Setting, examples, load, saved_model
from tests.gpu.table import Mismatch

NEURON = (0, 5)
CLOSE = 1e-3
"""Most that a probability may differ, and an activation as a share of the largest one."""


def session_of(loaded: LoadedModel) -> Session:
    """A session on a loaded model."""
    return Session(loaded, ModelSettings(loaded.name), norms_of(loaded.ffns))


def question() -> Ask:
    """One prompt in four languages, with a neuron's heat, and all-shared neurons switched off."""
    return Ask(0, tuple(examples(1)[0].prompts.items()), NEURON, Change(((1, 3),), "all-shared", 0.0))


def same_answers(setting: Setting, architecture: str, size: str) -> str:
    """The device answers as the CPU does."""
    with saved_model(setting, architecture, size) as folder:
        reference = session_of(load(folder, "cpu")).ask(question())
        ours = session_of(load(folder, setting.device)).ask(question())
    apart = difference(ours, reference)
    if apart > CLOSE:
        raise Mismatch(f"heat or probabilities differ by {apart:.1e}")
    moved = sum(abs(a - b) for a, b in zip(_flat(ours), _flat(reference), strict=True))
    if moved > 4:
        raise Mismatch(f"{moved // 2} neurons have another type")
    return f"{len(ours.languages)} languages, ±{apart:.0e}, {moved // 2} types differ, {ours.seconds:.2f} s"


def difference(ours: Answered, reference: Answered) -> float:
    """The largest difference of the heat, as a share of its largest value, and of the probabilities of next tokens."""
    apart = 0.0
    for mine, theirs in zip(ours.languages, reference.languages, strict=True):
        if mine.tokens != theirs.tokens:
            raise Mismatch(f"other tokens in {mine.language}")
        heat, expected = torch.tensor(mine.heat), torch.tensor(theirs.heat)
        if len(heat):
            apart = max(apart, float((heat - expected).abs().max() / expected.abs().max().clamp_min(1e-30)))
        for own, other in ((mine.before, theirs.before), (mine.after, theirs.after)):
            if (own is None) != (other is None):
                raise Mismatch(f"an answer in {mine.language} on one device only")
            if own is not None and other is not None:
                pairs = zip(own.next_tokens, other.next_tokens, strict=True)
                apart = max(apart, *(abs(a.probability - b.probability) for a, b in pairs))
    return apart


def _flat(answered: Answered) -> list[int]:
    return [n for layer in answered.types for n in layer]
