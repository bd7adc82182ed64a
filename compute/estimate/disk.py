"""Estimate the rows and bytes of each table of a run: exact counts where possible, otherwise rules of thumb.

Bytes per row and the rules were measured on runs of the built-in models and on stores with synthetic masks. Masks of
other models may repeat more or less, and the compression of prompts varies.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from neurontui.compute.measures.density import BINS
from neurontui.compute.measures.top_examples import TOP
from neurontui.compute.measures.types import HISTOGRAM_LANGUAGES

BYTES: Mapping[str, tuple[float, float]] = {
    "activations": (0.75, 1.4),
    "examples": (37, 60),
    "example_types": (0, 10),
    "neuron_masks": (0, 3),
    "neuron_types": (0, 8),
    "mask_histogram": (1.6, 3),
    "mask_joint": (1.3, 4.7),
    "neuron_tokens_active": (0.9, 3.5),
    "neuron_examples": (7, 7.8),
    "attribution": (38, 35),
    "attribution_masks": (35, 29),
    "neuron_attribution": (28, 24.2),
    "neuron_gradients": (16, 14),
    "neuron_effects": (18, 20),
    "top_neurons": (13.2, 12.7),
    "neuron_vocabulary": (7.6, 8),
    "ablation_examples": (4.5, 10),
    "neuron_token_values": (4.1, 4.4),
    "neuron_density": (1.6, 3),
}
"""Bytes per row in the journal and in the results file; of neuron_token_values, per value."""
_FILE = 1_500_000
"""Bytes of an almost empty results file: each column takes one or two blocks."""
MASKS_POWER = 0.73
"""The number of different masks among n grows like n to this power; replaced by a measured power if possible."""
_MASKS_OF_A_NEURON_POWER = 0.65


@dataclass(frozen=True)
class RunShape:
    """The quantities that determine the sizes of the tables of a run."""

    n_examples: int
    n_languages: int
    n_layers: int
    n_neurons: int
    """Of all layers."""
    n_folds: int
    n_batches: int
    n_passes: int
    """Parts of batches, one forward pass each or more."""
    n_thresholds: int
    every_token: bool
    scored: bool
    neuron_scores: bool
    top: int
    vocabulary_neurons: int
    """Most neurons of each layer whose tokens are stored."""
    n_outcomes: int
    """Examples ablated × conditions."""
    gradients: bool = False
    n_effects: int = 0
    """Exact effects of single neurons, over all inputs."""
    masks_power: float = MASKS_POWER
    token_values: int = 0
    """Activations at every token."""
    density: bool = False
    """Whether activations are counted by neuron, language and bin."""


def table_rows(run: RunShape) -> dict[str, tuple[float, float]]:
    """Rows of each table in the journal and in the results file."""
    return _types(run) | (_scores(run) if run.scored else {}) | (_gradients(run) if run.gradients else {}) | {
        "ablation_examples": _both(run.n_outcomes * run.n_languages),
        "neuron_token_values": _both(run.token_values),
        "neuron_density": _bins(run) if run.density else _both(0),
    }  # fmt: skip


def disk(run: RunShape, keep: str) -> tuple[int, int]:
    """Bytes of the journal and of the results file."""
    rows = table_rows(run)
    journal = sum(n * BYTES[table][0] for table, (n, _) in rows.items())
    if keep == "aggregates":
        rows.pop("activations")
    return int(journal), int(sum(n * BYTES[table][1] for table, (_, n) in rows.items())) + _FILE


def _types(run: RunShape) -> dict[str, tuple[float, float]]:
    inputs = run.n_examples * run.n_languages
    rows = {
        "activations": _both(run.n_examples * run.n_neurons),
        "examples": _both(inputs),
        "example_types": _both(run.n_examples * run.n_layers),
        "neuron_masks": _both(run.n_neurons * _different(run.n_examples, run.n_languages, _MASKS_OF_A_NEURON_POWER)),
        "neuron_types": _both(run.n_neurons),
        "neuron_examples": _entries(run),
    }
    if run.n_languages <= HISTOGRAM_LANGUAGES:
        rows["mask_histogram"] = _both(_cells(run) * (run.n_thresholds + run.every_token))
    if run.every_token:
        dense = run.n_neurons * run.n_languages
        rows["neuron_tokens_active"] = (run.n_batches * dense, dense)
        if run.n_languages <= HISTOGRAM_LANGUAGES:
            rows["mask_joint"] = _both(_cells(run) * run.n_languages)
    return rows


def _scores(run: RunShape) -> dict[str, tuple[float, float]]:
    inputs = run.n_examples * run.n_languages * run.n_layers
    listed = inputs * run.top
    candidates = min(0.65 * run.n_neurons, 0.08 * listed + 80 * run.n_layers)
    named = min(candidates, run.vocabulary_neurons * run.n_layers)
    rows = {
        "attribution": _both(4 * inputs),
        "top_neurons": _both(listed),
        "neuron_vocabulary": _both(20 * named),
    }
    if run.n_languages <= HISTOGRAM_LANGUAGES:
        rows["attribution_masks"] = _both(_cells(run) * run.n_languages)
    if run.neuron_scores:
        dense = run.n_neurons * run.n_languages
        rows["neuron_attribution"] = (run.n_batches * dense, dense)
    return rows


def _gradients(run: RunShape) -> dict[str, tuple[float, float]]:
    dense = run.n_neurons * run.n_languages
    return {"neuron_gradients": (run.n_batches * dense, dense), "neuron_effects": _both(run.n_effects)}


def _cells(run: RunShape) -> float:
    """Different masks, over all folds and layers."""
    n_parts = run.n_folds * run.n_layers
    together = run.n_examples * run.n_neurons / max(1, n_parts)
    return n_parts * _different(together, run.n_languages, run.masks_power)


def _different(n: float, n_languages: int, power: float) -> float:
    return float(min(n**power, 2**n_languages))


def _entries(run: RunShape) -> tuple[float, float]:
    """The k-th part of a run changes about 1/k of the entries of a list of maxima."""
    kept = min(TOP, 0.4 * run.n_examples * run.n_languages)
    records = sum(1 / k for k in range(1, max(1, run.n_passes) + 1))
    return 1.1 * run.n_neurons * kept * records, 0.93 * run.n_neurons * kept


def _bins(run: RunShape) -> tuple[float, float]:
    """Bins that are not empty: a neuron's activations spread over about half as many bins as are possible."""
    dense = run.n_neurons * run.n_languages
    in_batch = run.n_examples / max(1, run.n_batches)
    return run.n_batches * dense * _filled(in_batch), dense * _filled(run.n_examples)


def _filled(n: float) -> float:
    return float(min(n**0.5, BINS / 2))


def _both(n: float) -> tuple[float, float]:
    return n, n
