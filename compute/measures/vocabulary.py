"""Tokens whose logits a neuron's value vector raises and lowers most (Geva et al. 2022)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.measures.answer_direction import embedding_weight, projection_gaps
from neurontui.compute.measures.notes import notes_table
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import token_text
from neurontui.compute.progress import SILENT, Phase

TOP = 10
DIRECTIONS = ("promotes", "suppresses")
_LOGITS_AT_ONCE = 1 << 26
"""Neurons × tokens of one matrix product, 0.25 GB in float32."""
_TOKENS_AT_ONCE = 1 << 14


@dataclass(frozen=True)
class _Ranked:
    """Best first, (n, k) each: dot products and token ids."""

    values: Tensor
    tokens: Tensor


@torch.inference_mode()
def vocabulary_tables(
    loaded: LoadedModel, pairs: Sequence[tuple[int, int]], top: int = TOP, progress: Phase = SILENT
) -> dict[str, pa.Table]:
    """Run-level tables neuron_vocabulary and notes, for some (layer, neuron) pairs.

    logit = E_w · v_i over the rows E_w of the output embedding that the tokenizer has a token for; behind a norm
    E_w · (γ ⊙ v_i), without the norm's scale, which is positive and differs between inputs. Layers without a direct
    path to the logits (encoders, layers before a projection) are left out, with a note.
    """
    weight = embedding_weight(loaded, "output")
    gaps = projection_gaps(loaded, weight.shape[1])
    layers = sorted({layer for layer, _ in pairs})
    neurons = {
        layer: sorted({neuron for of_layer, neuron in pairs if of_layer == layer})
        for layer in layers
        if layer not in gaps
    }
    tables = {"neuron_vocabulary": _table(loaded, weight, neurons, top, progress)} if neurons else {}
    notes = dict.fromkeys(("attribution", gaps[layer]) for layer in layers if layer in gaps)
    return tables | notes_table(notes)


def _table(
    loaded: LoadedModel, weight: Tensor, neurons: Mapping[int, list[int]], top: int, progress: Phase
) -> pa.Table:
    written = [loaded.ffns[layer].written_vectors(chosen).to(weight.device) for layer, chosen in neurons.items()]
    n_tokens = min(len(weight), len(loaded.tokenizer))
    both = _strongest(torch.cat(written), weight[:n_tokens], min(top, n_tokens), progress)
    tokens = torch.stack([ranked.tokens for ranked in both], 1).cpu().numpy()
    logits = torch.stack([ranked.values for ranked in both], 1).double().cpu().numpy()
    n, _, k = tokens.shape
    names = {token: token_text(loaded.tokenizer, token) for token in np.unique(tokens).tolist()}
    pairs = np.array([(layer, neuron) for layer, chosen in neurons.items() for neuron in chosen], np.int32)
    return pa.table(
        {
            "layer": np.repeat(pairs[:, 0], 2 * k),
            "neuron": np.repeat(pairs[:, 1], 2 * k),
            "direction": np.tile(np.repeat(np.array(DIRECTIONS, object), k), n),
            "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), 2 * n),
            "token": [names[token] for token in tokens.reshape(-1).tolist()],
            "logit": logits.reshape(-1),
        }
    )


def _strongest(values: Tensor, weight: Tensor, top: int, progress: Phase) -> tuple[_Ranked, _Ranked]:
    """The `top` tokens with the largest and with the smallest dot product. values: (n, H); weight: (V, H).

    One product serves both, and the vocabulary is read once for the neurons of all layers.
    """
    starts = range(0, len(weight), _TOKENS_AT_ONCE)
    rows = torch.split(values, _LOGITS_AT_ONCE // _TOKENS_AT_ONCE)
    most, least = [_nothing(some, top, -torch.inf) for some in rows], [_nothing(some, top, torch.inf) for some in rows]
    slices = progress.within("slice of the vocabulary", len(starts))
    for start in starts:
        chunk = weight[start : start + _TOKENS_AT_ONCE].float()
        groups = slices.within("group of neurons", len(rows))
        for index, some in enumerate(rows):
            logits = some @ chunk.T
            most[index] = _merge(most[index], logits, start, largest=True)
            least[index] = _merge(least[index], logits, start, largest=False)
            groups.advance()
        slices.advance()
    return _joined(most), _joined(least)


def _nothing(values: Tensor, top: int, worst: float) -> _Ranked:
    shape = (len(values), top)
    return _Ranked(values.new_full(shape, worst), torch.zeros(shape, dtype=torch.long, device=values.device))


def _merge(best: _Ranked, logits: Tensor, start: int, *, largest: bool) -> _Ranked:
    """The best so far and those of a slice of the vocabulary, which begins at the token `start`. logits: (n, slice)."""
    top = best.values.shape[1]
    values, tokens = logits.topk(min(top, logits.shape[1]), dim=1, largest=largest)
    tokens = torch.cat([best.tokens, tokens + start], dim=1)
    values, kept = torch.cat([best.values, values], dim=1).topk(top, dim=1, largest=largest)
    return _Ranked(values, tokens.gather(1, kept))


def _joined(ranked: Sequence[_Ranked]) -> _Ranked:
    return _Ranked(torch.cat([part.values for part in ranked]), torch.cat([part.tokens for part in ranked]))
