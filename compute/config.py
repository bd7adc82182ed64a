"""Everything a user can choose about a run, in one place. Knows neither torch nor the command line."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

from neurontui.store.errors import UsageError

MEASURES = ("types", "contribution", "attribution", "ablation")
"""Types are always measured; attribution is contribution and effective scores, of which the latter need answers."""
RANDOM_FRACTIONS = (0.05, 0.15, 0.25, 0.55, 0.75)
DOSES = (0.01, 0.02, 0.05)


@dataclass(frozen=True)
class RunConfig:
    """One model on one task setting."""

    model: str
    task: str
    out: Path
    revision: str | None = None
    data: Path | None = None
    languages: tuple[str, ...] | None = None
    limit: int | None = None
    shots: int = 0
    native_wrapper: bool = False
    measures: tuple[Literal["types", "contribution", "attribution", "ablation"], ...] = ("types",)
    thresholds: tuple[float, ...] = (0.0,)
    """The first one defines the neuron types; the others go into the histogram."""
    bos: Literal["keep", "add"] | None = None
    """Where a prompt's BOS is missing or doubled: keep it so, or add so that there is exactly one; None: refuse."""
    activation: Literal["gate", "product"] = "gate"
    encoder_token: Literal["last", "before-eos"] = "last"  # noqa: S105 - a position, not a secret
    every_token: bool = True
    """Also count activity at every prompt token, which Fig. 6 and language entropy need."""
    weight: Literal["product", "gate"] = "product"
    answer_embedding: Literal["output", "input"] = "output"
    answer_token: Literal["first", "mean", "telling"] = "first"  # noqa: S105
    """Answers of several tokens: the first one, the mean of all, or the first that no other answer shares."""
    centred: bool = False
    contrast: bool = False
    final_norm: bool = False
    neuron_scores: bool = True
    """Also sum the scores of each neuron by language: d_m × layers × languages rows in each batch of the journal."""
    top: int = 10
    dtype: str | None = None
    device: str | None = None
    device_map: bool = False
    allow_bin: bool = False
    allow_links: bool = False
    """Follow links that lead out of a model's folder."""
    batch_tokens: int = 4096
    batch_examples: int | None = None
    """Examples in a batch of the journal, which is what a kill loses; None: see `plan.batch_size`."""
    examples_at_once: int = 32
    """Examples whose activations are in memory together; a batch goes through it in parts."""
    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    """Of a Ray cluster; None: this machine alone."""
    workers: int | None = None
    """Ray workers; None: one a GPU, or without GPUs one a machine."""
    gpus_a_worker: int = 1
    max_new_tokens: int = 8
    ablation_scope: Literal["all", "last"] = "all"
    """all: switched off at every position; last: at the last prompt token and generated ones."""
    ablation_set: Literal["example", "global"] = "example"
    """example: each example's own neurons of a type; global: one set a type, by majority over the examples."""
    ablation_layers: tuple[int, ...] | None = None
    ablation_fractions: tuple[float, ...] = RANDOM_FRACTIONS
    ablation_doses: tuple[float, ...] = DOSES
    """Equal shares of a type and of its control, where the control is too small to match all of it."""
    ablation_seeds: int = 3
    ablation_value: Literal["0", "mean"] = "0"
    ablation_examples: int | None = None
    """Ablate only the first so many examples of the run."""
    ablate: Path | None = None
    """A CSV file with the user's own neurons, as one more condition."""
    ablate_neurons: tuple[tuple[int, int, str | None], ...] | None = None
    """The same as (layer, neuron, language) triples; None is all languages."""
    seed: int = 0
    name: str | None = None
    keep: Literal["all", "aggregates"] = "all"
    force: bool = False
    skip_bad: bool = False
    """Leave out and count examples that cannot be measured, instead of stopping."""

    def __post_init__(self) -> None:
        unknown = [each for each in self.measures if each not in MEASURES]
        if unknown:
            raise UsageError(f"'{unknown[0]}' is no measure; there are {', '.join(MEASURES)}.")
        if not self.thresholds or not all(map(isfinite, self.thresholds)):
            raise UsageError("--thresholds needs finite numbers, such as 0,0.1,0.2.")
        if len(set(self.thresholds)) < len(self.thresholds):
            raise UsageError("--thresholds names a number twice; its neurons would count twice.")
        if abs(self.seed) >= 2**63:
            raise UsageError("--seed must be a whole number of at most 63 bits.")
        for name in ("limit", "ablation_examples", "batch_examples", "workers"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name.replace('_', '-')} must be at least 1.")
        own_neurons = self.ablate is not None or self.ablate_neurons is not None
        if own_neurons and "ablation" not in self.measures:
            raise UsageError("--ablate and --ablate-sql switch neurons off in an ablation; add ablation to --measures.")
        if self.engine == "local" and (self.address is not None or self.workers is not None):
            raise UsageError("--address and --workers belong to --engine ray.")
