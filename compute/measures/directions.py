"""The direction E_r that a neuron's output is projected on: what raises the logit of the answer (Eq. 10, App. A.1).

Says also where there is no such direction, in a sentence, instead of giving numbers that mean nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from neurontui.compute.answers.targets import Target, Targets
from neurontui.compute.models.ffn import parameter
from neurontui.compute.models.loaded import LoadedModel

ENCODER = (
    "Effective scores are empty in the encoder: what its FFNs write reaches the answer only through the attention of "
    "the decoder, so it has no direct effect on the answer's logit."
)


WITHOUT_ANSWER = (
    "Inputs without an answer have no effective score and are left out of its sums, but not of the number of neurons."
)


@dataclass(frozen=True)
class DirectionOptions:
    """Which embedding stands for the answer."""

    embedding: Literal["output", "input"] = "output"
    word: Literal["first", "mean", "telling"] = "first"
    """Answers of several tokens: the first one, the mean of all, or the first that no other answer shares."""
    centred: bool = False
    """E_r − mean(E): adding one number to all logits changes no probability, but would change raw scores."""
    contrast: bool = False
    """E_r − the mean of the other choices' (without choices: another answer's)."""


@dataclass(frozen=True)
class Directions:
    """E_r of each input of a batch."""

    vectors: Tensor
    """(R, H) float32; zeros where unknown."""
    known: Tensor
    """(R,) bool: False where an input has no answer, or nothing to contrast it with."""
    gaps: Mapping[int, str]
    """Layers without effective scores, and why."""

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Sentences for the table `notes`."""
        texts = list(dict.fromkeys(self.gaps.values()))
        if not bool(self.known.all()):
            texts.append(WITHOUT_ANSWER)
        return tuple(("attribution", text) for text in texts)


def answer_directions(
    loaded: LoadedModel, targets: Targets, options: DirectionOptions
) -> Directions:
    """E_r of every input, in row order."""
    weight = embedding_weight(loaded, options.embedding)
    vectors = torch.stack([_vector(weight, each, options) for each in targets.rows])
    if options.centred and not options.contrast:
        vectors -= weight.float().mean(0)
    known = torch.tensor([_is_known(each, options) for each in targets.rows], device=weight.device)
    return Directions(vectors * known[:, None], known, _gaps(loaded, weight.shape[1]))


def embedding_weight(loaded: LoadedModel, kind: str) -> Tensor:
    """(V, H) weight of the embedding; the output one is read from the head itself, whatever the tie flag says."""
    model = loaded.model
    module = model.get_output_embeddings() if kind == "output" else model.get_input_embeddings()
    weight = parameter(module, "weight")
    assert weight is not None
    return weight


def _is_known(target: Target | None, options: DirectionOptions) -> bool:
    return target is not None and (not options.contrast or bool(target.distractors))


def _vector(weight: Tensor, target: Target | None, options: DirectionOptions) -> Tensor:
    if target is None or not _is_known(target, options):
        return weight.new_zeros(weight.shape[1], dtype=torch.float32)
    vector = weight[_tokens(target, options.word)].float().mean(0)
    if options.contrast:
        vector = vector - weight[list(target.distractors)].float().mean(0)
    return vector


def _tokens(target: Target, word: str) -> list[int]:
    if word == "mean":
        return list(target.ids[target.first :])
    return [target.ids[target.telling] if word == "telling" else target.word]


def _gaps(loaded: LoadedModel, width: int) -> dict[int, str]:
    gaps = {}
    for ffn in loaded.ffns:
        own = ffn.value_vectors().shape[1]
        if ffn.layer.stack == "encoder":
            gaps[ffn.layer.layer] = ENCODER
        elif own != width:
            gaps[ffn.layer.layer] = (
                f"Effective scores are empty: value vectors have {own} dimensions and embeddings {width}, with a "
                "projection between them that Eq. 10 does not know."
            )
    return gaps
