"""Tokens whose logits a neuron's value vector raises and lowers most (Geva et al. 2022)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from neurontui.compute.measures.answer_direction import embedding_weight, projection_gaps
from neurontui.compute.measures.notes import notes_table
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import token_text

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
def vocabulary_tables(loaded: LoadedModel, pairs: Sequence[tuple[int, int]], top: int = TOP) -> dict[str, pa.Table]:
    """Run-level tables neuron_vocabulary and notes, for some (layer, neuron) pairs.

    logit = E_w · v_i over the rows E_w of the output embedding that the tokenizer has a token for; behind a norm
    E_w · (γ ⊙ v_i), without the norm's scale, which is positive and differs between inputs. Layers without a direct
    path to the logits (encoders, layers before a projection) are left out, with a note.
    """
    weight = embedding_weight(loaded, "output")
    gaps = projection_gaps(loaded, weight.shape[1])
    layers = sorted({layer for layer, _ in pairs})
    parts = [
        _layer(loaded, weight, layer, sorted({n for of_layer, n in pairs if of_layer == layer}), top)
        for layer in layers
        if layer not in gaps
    ]
    tables = {"neuron_vocabulary": pa.concat_tables(parts)} if parts else {}
    notes = dict.fromkeys(("attribution", gaps[layer]) for layer in layers if layer in gaps)
    return tables | notes_table(notes)


def _layer(loaded: LoadedModel, weight: Tensor, layer: int, neurons: Sequence[int], top: int) -> pa.Table:
    values = loaded.ffns[layer].written_vectors(list(neurons)).to(weight.device)
    n_tokens = min(len(weight), len(loaded.tokenizer))
    both = [_strongest(sign * values, weight[:n_tokens], min(top, n_tokens)) for sign in (1.0, -1.0)]
    tokens = torch.stack([ranked.tokens for ranked in both], 1).cpu().numpy()
    logits = torch.stack([both[0].values, -both[1].values], 1).double().cpu().numpy()
    n, _, k = tokens.shape
    names = {token: token_text(loaded.tokenizer, token) for token in np.unique(tokens).tolist()}
    return pa.table(
        {
            "layer": np.full(tokens.size, layer, np.int32),
            "neuron": np.repeat(np.array(neurons, np.int32), 2 * k),
            "direction": np.tile(np.repeat(np.array(DIRECTIONS, object), k), n),
            "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), 2 * n),
            "token": [names[token] for token in tokens.reshape(-1).tolist()],
            "logit": logits.reshape(-1),
        }
    )


def _strongest(values: Tensor, weight: Tensor, top: int) -> _Ranked:
    """The `top` tokens with the largest dot product. values: (n, H); weight: (V, H)."""
    best = _Ranked(
        values.new_full((len(values), top), -torch.inf),
        torch.zeros(len(values), top, dtype=torch.long, device=values.device),
    )
    rows = _LOGITS_AT_ONCE // _TOKENS_AT_ONCE
    for start, chunk in _chunks(weight):
        k = min(top, len(chunk))
        ranked = [(some @ chunk.T).topk(k, dim=-1) for some in _rows(values, rows)]
        best = _merge(best, ranked, start)
    return best


def _chunks(weight: Tensor) -> Iterator[tuple[int, Tensor]]:
    for start in range(0, len(weight), _TOKENS_AT_ONCE):
        yield start, weight[start : start + _TOKENS_AT_ONCE].float()


def _rows(values: Tensor, size: int) -> list[Tensor]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _merge(best: _Ranked, ranked: Sequence[tuple[Tensor, Tensor]], start: int) -> _Ranked:
    values = torch.cat([best.values, torch.cat([v for v, _ in ranked])], dim=1)
    tokens = torch.cat([best.tokens, torch.cat([t for _, t in ranked]) + start], dim=1)
    values, kept = values.topk(best.values.shape[1], dim=1)
    return _Ranked(values, tokens.gather(1, kept))
