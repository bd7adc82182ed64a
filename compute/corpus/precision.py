"""Average precision of neurons as detectors of a language, from their mean activation over passages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from neurontui.compute.ablation.selection.average_precision import average_precision
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.batches import HALVES, CorpusBatch, Part, half_of
from neurontui.compute.corpus.measure import Tables, neuron_columns
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.corpus_pass import measured_ffns
from neurontui.compute.models.passes.passage_means import passage_means
from neurontui.compute.models.prompts.passages import longest_passage, passages
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.tasks.corpus.corpus import Corpus
from neurontui.store.journal.manifest import Layer

Means = NDArray[np.float32]
MOST_BYTES = 2 << 30
"""Means that are kept in main memory until all languages are read."""
_TEXTS_A_REQUEST = 64


@dataclass(frozen=True)
class PrecisionPlan:
    """The texts whose first passages are ranked: as many of each half and language."""

    texts_a_half: int
    note: str | None = None
    """One sentence if they are fewer than requested."""


def plan_precision(config: RunConfig, corpus: Corpus, layers: Sequence[Layer]) -> PrecisionPlan:
    """Equal numbers of texts for all languages, because precision depends on their shares.

    None with one language, which there is nothing to tell from, or if not requested.
    """
    if len(corpus.languages) < 2:
        return PrecisionPlan(0)
    requested = config.precision_texts // 2
    smallest = min(corpus.n_texts.values()) // 2
    n_neurons = sum(layer.n_neurons for layer in layers)
    fitting = MOST_BYTES // (4 * n_neurons * len(corpus.languages) * len(HALVES))
    n = min(requested, smallest, fitting)
    if n < min(requested, smallest):
        return PrecisionPlan(n, f"Average precision is computed from {2 * n:,} texts of each language, for which "
                                f"there is room in memory, instead of {2 * min(requested, smallest):,}.")  # fmt: skip
    return PrecisionPlan(n)


def requests(corpus: Corpus, plan: PrecisionPlan) -> list[Part]:
    """The texts to read, in the order in which `precision_tables` takes their means."""
    parts: list[Part] = []
    for language in corpus.languages:
        for half in HALVES:
            start, _ = half_of(corpus.n_texts[language], half)
            for first in range(start, start + plan.texts_a_half, _TEXTS_A_REQUEST):
                n = min(_TEXTS_A_REQUEST, start + plan.texts_a_half - first)
                parts.append(Part(len(parts), language, half, first, n))
    return parts


def means_of(config: RunConfig, loaded: LoadedModel, batch: CorpusBatch, progress: Phase = SILENT) -> Means:
    """Mean activation A of every neuron over the counted tokens of each text's first passage, (texts, neurons)."""
    longest = longest_passage(loaded, config.passage_tokens)
    pieces = passages(loaded, batch.part.language, batch.texts, 0, longest)
    first = [piece for piece in pieces if piece.place == 0]
    means = np.zeros((len(batch.texts), sum(ffn.layer.n_neurons for ffn in measured_ffns(loaded))), np.float32)
    product = config.activation == "product"
    means[[piece.text for piece in first]] = passage_means(loaded, first, product, config.batch_tokens, progress)
    return means


def precision_tables(
    corpus: Corpus, layers: Sequence[Layer], means: Iterable[Means], phase: Phase = SILENT
) -> Iterator[Tables]:
    """Table neuron_precision, layer by layer. means: of all requests, in order."""
    n_languages = len(corpus.languages)
    rows = np.concatenate(list(means))
    # (languages, texts, neurons) to (texts, languages, neurons): the first half of the texts, then the second.
    values = rows.reshape(n_languages, -1, rows.shape[1]).transpose(1, 0, 2)
    middle, start = len(values) // 2, 0
    ranking = phase.within("ranking texts").within("layer", len(layers))
    for layer in layers:
        of_layer = torch.from_numpy(np.ascontiguousarray(values[:, :, start : start + layer.n_neurons]))
        start += layer.n_neurons
        parts = (of_layer, of_layer[:middle], of_layer[middle:])
        whole, first, second = (average_precision(part).float().numpy() for part in parts)
        columns = [
            pa.table({
                **neuron_columns(language, [layer]),
                "precision_all": whole[bit],
                "precision_first": first[bit],
                "precision_second": second[bit],
            })
            for bit, language in enumerate(corpus.languages)
        ]  # fmt: skip
        yield {"neuron_precision": pa.concat_tables(columns)}
        ranking.advance()
