"""The direction E_r that a neuron's output is projected on, which raises the answer's logit (Eq. 10, App. A.1).

Layers and inputs without such a direction get no score, and a note gives the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from neurontui.compute.answers.targets import Target, Targets
from neurontui.compute.measures.notes import Note
from neurontui.compute.models.ffns.ffn import parameter
from neurontui.compute.models.loaded_model import LoadedModel

ENCODER = (
    "Effective scores are empty in the encoder: its FFN outputs reach the answer only through the decoder's attention, "
    "so they have no direct effect on the answer's logit."
)

ENCODER_ONLY = (
    "Effective scores are empty: between the FFNs of an encoder and its output embedding are the norms of later layers "
    "and a head with a dense layer of its own, which Eq. 10 does not include."
)

WITHOUT_ANSWER = (
    "Inputs without an answer have no effective score: they are left out of its sums, but counted in the number of "
    "neurons."
)


@dataclass(frozen=True)
class DirectionOptions:
    """Which embedding represents the answer."""

    embedding: Literal["output", "input"] = "output"
    word: Literal["first", "mean", "first-unique"] = "first"
    """For answers of several tokens: the first one, the mean of all, or the first that no other answer shares."""
    centred: bool = False
    """E_r − mean(E): a constant added to all logits changes no probability, but would change raw scores."""
    contrast: bool = False
    """E_r − mean of the E of the other choices, or without choices of another answer."""


@dataclass(frozen=True)
class Directions:
    """E_r of each input of a batch."""

    vectors: Tensor
    """(R, H) float32; zeros for inputs without a direction."""
    known: Tensor
    """(R,) bool: False if an input has no answer, or nothing to contrast it with."""
    gaps: Mapping[int, str]
    """Layers without effective scores, with the reason."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """For the table `notes`."""
        texts = list(dict.fromkeys(self.gaps.values()))
        if not bool(self.known.all()):
            texts.append(WITHOUT_ANSWER)
        return tuple(("attribution", text) for text in texts)


def answer_directions(loaded: LoadedModel, targets: Targets, options: DirectionOptions) -> Directions:
    """E_r of every input, in row order."""
    weight = embedding_weight(loaded, options.embedding)
    terms = [_terms(target, options) for target in targets.rows]
    rows = [row for row, of_row in enumerate(terms) for _ in of_row]
    tokens = [token for of_row in terms for token, _ in of_row]
    shares = torch.tensor([s for of_row in terms for _, s in of_row], device=weight.device)
    summands = weight[tokens].float() * shares[:, None]
    vectors = weight.new_zeros(len(terms), weight.shape[1], dtype=torch.float32)
    vectors.index_add_(0, torch.tensor(rows, dtype=torch.long, device=weight.device), summands)
    if options.centred and not options.contrast:
        vectors -= weight.float().mean(0)
    has_direction = torch.tensor([bool(term) for term in terms], device=weight.device)
    return Directions(vectors * has_direction[:, None], has_direction, projection_gaps(loaded, weight.shape[1]))


def embedding_weight(loaded: LoadedModel, kind: str) -> Tensor:
    """(V, H) weight of the embedding; the output weight is read from the LM head, whatever the tie flag is."""
    model = loaded.model
    module = model.get_output_embeddings() if kind == "output" else model.get_input_embeddings()
    weight = parameter(module, "weight")
    assert weight is not None
    return weight


def _terms(target: Target | None, options: DirectionOptions) -> list[tuple[int, float]]:
    """E_r as tokens and their factors; empty if there is no E_r."""
    if target is None or (options.contrast and not target.distractors):
        return []
    tokens = _tokens(target, options.word)
    terms = [(token, 1 / len(tokens)) for token in tokens]
    if options.contrast:
        terms += [(token, -1 / len(target.distractors)) for token in target.distractors]
    return terms


def _tokens(target: Target, word: str) -> list[int]:
    if word == "mean":
        return list(target.ids[target.first :])
    return [target.ids[target.first_unique] if word == "first-unique" else target.word]


def projection_gaps(loaded: LoadedModel, width: int) -> dict[int, str]:
    """Layers whose value vectors cannot be projected on embeddings of `width` dimensions, with the reason."""
    gaps = {}
    for ffn in loaded.ffns:
        own = ffn.value_vectors().shape[1]
        if ffn.layer.stack == "encoder":
            gaps[ffn.layer.layer] = ENCODER_ONLY if loaded.encoder_only else ENCODER
        elif own != width:
            gaps[ffn.layer.layer] = (
                f"Effective scores are empty: value vectors have {own} dimensions and embeddings {width}, with a "
                "projection between them that Eq. 10 does not include."
            )
    return gaps
