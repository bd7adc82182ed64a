"""Activity at every token of chosen inputs: those at which a neuron is most active, and those of the first examples.

The inputs are known only after all batches, so they are read once more at the end of a run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from neurontui.compute.batch import Batch
from neurontui.compute.config import RunConfig
from neurontui.compute.measures.top_examples import TOP
from neurontui.compute.models.loaded_model import LoadedModel, ModelFacts
from neurontui.compute.models.passes.token_values import Neurons, token_values
from neurontui.compute.models.prompts.first_token import with_first_token
from neurontui.compute.models.prompts.token_texts import prompt_token_texts
from neurontui.compute.models.prompts.tokenize import Encoded, encode_batch, token_text
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.run_options import capture_options
from neurontui.store.journal.journal import Journal
from neurontui.store.journal.journal_queries import strongest_inputs

AT_MOST = 1 << 25
"""Values that are stored by default; 134 MB."""
EXAMPLES = 20
"""Examples at the beginning of a run of which all inputs are stored, for their most contributing neurons."""
CONTRIBUTING = 10
"""Neurons of each input and layer that count as most contributing."""


@dataclass(frozen=True)
class TokenRequest:
    """Inputs of one batch, and the neurons to be stored for each."""

    batch: Batch
    pairs: Neurons
    """In the order of the batch's rows."""


def n_values(config: RunConfig, model: ModelFacts, n_examples: int, n_prompts: int, n_tokens: int) -> int:
    """Most values that a run stores, for prompts of `n_tokens` together."""
    mean = n_tokens / max(1, n_prompts)
    neurons = sum(layer.n_neurons for layer in model.layers)
    stored = neurons * min(TOP, n_prompts)
    if {"contribution", "attribution"} & set(config.measures):
        n_languages = n_prompts // max(1, n_examples)
        listed = min(CONTRIBUTING, config.top) * n_languages
        contributing = sum(min(layer.n_neurons, listed) for layer in model.layers)
        stored += min(EXAMPLES, n_examples) * n_languages * contributing
    return int(stored * mean)


def is_kept(config: RunConfig, n: int) -> bool:
    """Whether a run stores its `n` values: as requested, by default up to AT_MOST."""
    return n <= AT_MOST if config.token_values is None else config.token_values


def token_requests(journal: Journal, batches: Sequence[Batch]) -> list[TokenRequest]:
    """What to read again, batch by batch, from the finished batches of a journal."""
    wanted = strongest_inputs(journal, TOP, EXAMPLES, CONTRIBUTING)
    example, bit = wanted["example"].to_numpy(), wanted["bit"].to_numpy()
    layer, neuron = wanted["layer"].to_numpy(), wanted["neuron"].to_numpy()
    requests = []
    for batch in batches:
        order = np.argsort(batch.indices)
        chosen = np.flatnonzero(np.isin(example, batch.indices))
        position = order[np.searchsorted(np.array(batch.indices)[order], example[chosen])]
        rows = position * len(batch.languages) + bit[chosen]
        by_row = np.lexsort((neuron[chosen], layer[chosen], rows))
        if len(by_row):
            chosen = chosen[by_row]
            requests.append(TokenRequest(batch, Neurons(rows[by_row], layer[chosen], neuron[chosen])))
    return requests


def token_value_tables(
    config: RunConfig, loaded: LoadedModel, request: TokenRequest, progress: Phase = SILENT
) -> dict[str, pa.Table]:
    """Tables prompt_tokens and neuron_token_values of the requested inputs of one batch."""
    options = capture_options(config)
    rows, place = np.unique(request.pairs.row, return_inverse=True)
    n_languages = len(request.batch.languages)
    positions, of_row = np.unique(rows // n_languages, return_inverse=True)
    batch = request.batch.only(positions.tolist())
    encoded = encode_batch(loaded, batch)
    if loaded.measured_at == "first-generated":
        encoded = with_first_token(loaded, encoded, options.token_budget)
    inner = of_row * n_languages + rows % n_languages
    values, starts = token_values(
        loaded,
        [encoded[row] for row in inner],
        Neurons(place, request.pairs.layer, request.pairs.neuron),
        product=options.activation == "product",
        token_budget=options.token_budget,
        progress=progress,
    )
    examples = np.array(batch.indices, np.int32)[inner // n_languages]
    languages = pa.array(batch.languages, pa.string()).take(pa.array(inner % n_languages))
    before_eos = options.encoder_token == "before-eos"  # noqa: S105 - a position, not a secret
    return {
        "prompt_tokens": _tokens_table(loaded, batch, encoded, inner.tolist(), before_eos=before_eos),
        "neuron_token_values": pa.table(
            {
                "layer": request.pairs.layer.astype(np.int32),
                "neuron": request.pairs.neuron.astype(np.int32),
                "example": examples[place],
                "language": languages.take(pa.array(place)),
                "activations": pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(values)),
            }
        ),
    }


def _tokens_table(
    loaded: LoadedModel, batch: Batch, encoded: Sequence[Encoded], rows: Sequence[int], *, before_eos: bool
) -> pa.Table:
    stacks = dict.fromkeys(ffn.layer.stack for ffn in loaded.ffns)
    made = [(row, stack) for row in rows for stack in stacks]
    n = len(batch.languages)
    reads = [_read_tokens(loaded, batch, encoded[row], row, stack, before_eos=before_eos) for row, stack in made]
    return pa.table(
        {
            "example": pa.array([batch.indices[row // n] for row, _ in made], pa.int32()),
            "language": pa.array([batch.languages[row % n] for row, _ in made], pa.string()),
            "stack": pa.array([stack for _, stack in made], pa.string()),
            "measured": pa.array([measured for measured, _ in reads], pa.int32()),
            "tokens": pa.array([texts for _, texts in reads], pa.list_(pa.string())),
        }
    )


def _read_tokens(
    loaded: LoadedModel, batch: Batch, encoded: Encoded, row: int, stack: str, *, before_eos: bool
) -> tuple[int, list[str]]:
    """The index of the token of measurement, and the text of each token that a stack reads of an input."""
    if loaded.encoder_decoder and stack == "decoder":
        return len(encoded.opening) - 1, [token_text(loaded.tokenizer, token) for token in encoded.opening]
    language = batch.languages[row % len(batch.languages)]
    texts = prompt_token_texts(loaded, batch.prompts[row], language, encoded)
    return encoded.measured(before_eos=before_eos), texts
