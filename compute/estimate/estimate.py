"""Estimate what a run will need before it starts: examples, tokens, disk and memory, compared with what is free."""

import os
import shutil
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

import torch

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.values import require_model
from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.batch_plan import batch_size, plan
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.disk import MASKS_POWER, RunShape, disk
from neurontui.compute.estimate.memory import working_memory
from neurontui.compute.estimate.throughput import passes_per_example, seconds_per_pass
from neurontui.compute.measures.density import has_density, n_counts
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.skip_invalid import measure_valid
from neurontui.compute.measures.token_values import is_kept, n_values
from neurontui.compute.measures.vocabulary_neurons import neurons_a_layer
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import capture
from neurontui.compute.models.prompts.tokenize import encode_prompts
from neurontui.compute.run_options import ablation_options, capture_options, require_supported
from neurontui.compute.tasks.example import TaskData
from neurontui.store.errors import MeasureError

_SAMPLE, _SAMPLE_SECONDS = 6, 5.0
"""Examples of the sample, and the most seconds that one of them may take."""


@dataclass(frozen=True)
class Estimate:
    """Sizes of a run, in bytes unless the name begins with `n_`."""

    n_examples: int
    n_prompts: int
    n_tokens: int
    longest: int
    """Tokens of the longest prompt."""
    n_masks: int
    n_batches: int
    journal: int
    results: int
    """What the run adds to the results file."""
    disk_free: int
    weights: int
    working: int
    """Peak memory of the measurement in addition to the weights."""
    memory_free: int
    n_projected: int | None
    """Most neurons of each layer that are projected on the vocabulary; None without scores."""
    passes: float
    """Forward passes over the prompts of an example, on average; a gradient counts as about two and a half."""
    n_gradients: int
    """Inputs with an answer that are differentiated."""
    n_effects: int
    """Exact effects of single neurons."""
    n_token_values: int
    """Most activations at every token that could be stored."""
    token_values: bool
    """Whether they are."""
    n_density: int
    """Counts of activations by neuron, language and bin, most of which are 0."""
    density: bool
    """Whether they are counted."""


def estimate(config: RunConfig, data: TaskData, loaded: LoadedModel) -> Estimate:
    """Estimate what a run will need; tokenizes every prompt. Raises InputError for measures the model does not have."""
    require_supported(config, loaded.facts)
    lengths = [len(encoded) for encoded in encode_prompts(loaded, unplanned(data.examples, data.languages))]
    n_conditions = _n_conditions(config, loaded, data)
    passes = passes_per_example(config, data, n_conditions, len(loaded.layers))
    pace = seconds_per_pass(loaded, data) * passes
    n_projected = neurons_a_layer(config, loaded.facts, sum(lengths), passes)
    batches = plan(data, config.batch_examples or batch_size(len(data.examples), pace))
    n_stored = n_values(config, loaded.facts, len(data.examples), len(lengths), sum(lengths))
    shape = _shape(config, data, loaded, batches, n_conditions, n_projected or 0)
    shape = replace(shape, token_values=n_stored if is_kept(config, n_stored) else 0)
    if pace < _SAMPLE_SECONDS:
        shape = replace(shape, masks_power=_masks_power(config, loaded, batches[0]))
    journal, results = disk(shape, config.keep)
    return Estimate(
        n_examples=len(data.examples),
        n_prompts=len(lengths),
        n_tokens=sum(lengths),
        longest=max(lengths, default=0),
        n_masks=shape.n_examples * shape.n_neurons,
        n_batches=len(batches),
        journal=journal,
        results=results,
        disk_free=shutil.disk_usage(nearest_folder(config.out)).free,
        weights=sum(parameter.numel() * parameter.element_size() for parameter in loaded.model.parameters()),
        working=working_memory(config, shape, loaded, lengths, _is_answered(loaded, data)),
        memory_free=memory_free(loaded.device),
        n_projected=n_projected,
        passes=passes,
        n_gradients=_n_answered(data, len(data.examples)) if shape.gradients else 0,
        n_effects=shape.n_effects,
        n_token_values=n_stored,
        token_values=is_kept(config, n_stored),
        n_density=n_counts(loaded.layers, len(data.languages)),
        density=shape.density,
    )


def _is_answered(loaded: LoadedModel, data: TaskData) -> bool:
    return not loaded.encoder_only and any(example.answers for example in data.examples)


def shortages(needs: Estimate) -> list[str]:
    """Resources that do not suffice, one sentence each."""
    sentences = []
    needed = needs.journal + needs.results
    if needed > needs.disk_free:
        sentences.append(
            f"The disk of the results has {size(needs.disk_free)} free and the run needs about {size(needed)}; "
            "free some space, use another --out, or use --limit."
        )
    if needs.working > needs.memory_free:
        sentences.append(
            f"Measuring needs up to {size(needs.working)} in addition to the weights, and "
            f"{size(needs.memory_free)} are free; reduce --batch-tokens and --examples-at-once, or use "
            "--no-neuron-scores and --last-token-only."
        )
    return sentences


def estimate_text(needs: Estimate) -> str:
    """An estimate as lines of text."""
    return "\n".join(
        [
            f"examples   {needs.n_examples:,} in {needs.n_prompts:,} prompts, {needs.n_tokens:,} tokens, "
            f"longest {needs.longest:,}",
            f"masks      {needs.n_masks:,} in {needs.n_batches:,} batches",
            f"disk       about {size(needs.results)} in the results file, and {size(needs.journal)} in its journal "
            f"until the run is merged; {size(needs.disk_free)} free",
            f"memory     weights {size(needs.weights)}, plus up to {size(needs.working)}; "
            f"{size(needs.memory_free)} free",
            *_projection(needs.n_projected),
            *_gradients(needs),
            _token_values(needs),
            _density(needs),
        ]
    )


def _projection(n_projected: int | None) -> list[str]:
    if n_projected is None:
        return []
    return [f"vocabulary promoted tokens of up to {n_projected:,} neurons a layer (--vocabulary-neurons)"]


def _gradients(needs: Estimate) -> list[str]:
    if not needs.n_gradients:
        return []
    exact = f", and {needs.n_effects:,} exact effects of single neurons (--truth-neurons)" if needs.n_effects else ""
    return [
        f"gradients  one backward pass for each of {needs.n_gradients:,} prompts with an answer{exact}; with all other "
        f"measures about {needs.passes:.1f} forward passes for each prompt"
    ]


def _n_answered(data: TaskData, n_examples: int) -> int:
    """Inputs with an answer among the first examples."""
    return sum(code in example.answers for example in data.examples[:n_examples] for code in data.languages)


def _n_effects(config: RunConfig, loaded: LoadedModel, data: TaskData) -> int:
    """Exact effects that a run measures."""
    neurons = sum(min(config.truth_neurons, layer.n_neurons) for layer in loaded.layers)
    return neurons * _n_answered(data, config.truth_examples)


def _token_values(needs: Estimate) -> str:
    n, needed = needs.n_token_values, size(4 * needs.n_token_values)
    if needs.token_values:
        return (
            f"token values of strongest inputs: up to {n:,} values, {needed}; up to {needs.n_prompts:,} prompts are "
            "read once more (--no-token-values)"
        )
    return f"token values not stored; they would be up to {n:,} values, {needed} (--token-values)"


def _density(needs: Estimate) -> str:
    if needs.density:
        return f"density    histograms of activation by language: up to {needs.n_density:,} counts (--no-density)"
    return f"density    not counted; histograms of activation would be up to {needs.n_density:,} counts (--density)"


def _n_conditions(config: RunConfig, loaded: LoadedModel, data: TaskData) -> int:
    if "ablation" not in config.measures:
        return 0
    options = ablation_options(config, loaded.layers, data.languages)
    require_model(options.values, routed=loaded.routed)
    return len(plan_conditions(options, loaded.layers, len(data.languages)))


def _shape(
    config: RunConfig,
    data: TaskData,
    loaded: LoadedModel,
    batches: list[Batch],
    n_conditions: int,
    n_projected: int,
) -> RunShape:
    ablated = min(config.ablation_examples or len(data.examples), len(data.examples))
    return RunShape(
        n_examples=len(data.examples),
        n_languages=len(data.languages),
        n_layers=len(loaded.layers),
        n_neurons=sum(layer.n_neurons for layer in loaded.layers),
        n_folds=len({fold for batch in batches for fold in batch.folds}),
        n_batches=len(batches),
        n_passes=sum(-(-len(batch.examples) // config.examples_at_once) for batch in batches),
        n_thresholds=len(config.thresholds),
        every_token=config.every_token,
        scored=bool({"contribution", "attribution"} & set(config.measures)),
        neuron_scores=config.neuron_scores,
        top=config.top,
        vocabulary_neurons=n_projected,
        n_outcomes=ablated * n_conditions,
        gradients="gradient" in config.measures,
        n_effects=_n_effects(config, loaded, data),
        density=has_density(config, loaded.layers, len(data.languages)),
    )


@torch.inference_mode()
def _masks_power(config: RunConfig, loaded: LoadedModel, batch: Batch) -> float:
    """Growth exponent of the number of different masks, from the first examples of the first fold."""
    alike = [i for i, fold in enumerate(batch.folds) if fold == batch.folds[0]][:_SAMPLE]
    options = replace(capture_options(config), any_token=False)
    try:
        captured, _ = measure_valid(batch.only(alike), lambda part: capture(loaded, part, options), skip_bad=True)
    except MeasureError:
        return MASKS_POWER
    masks = [pack_tensor(activations > config.thresholds[0]) for activations in captured.activations]
    powers = [log(len(torch.unique(mask))) / log(mask.numel()) for mask in masks if mask.numel() > 1]
    return sum(powers) / max(1, len(powers))


def size(n: float) -> str:
    """Bytes with a unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} TB"


def nearest_folder(path: Path) -> Path:
    """The closest folder above a path that exists."""
    folder = path.absolute().parent
    while not folder.is_dir():
        folder = folder.parent
    return folder


def memory_free(device: str) -> int:
    """Bytes that a measurement can use on a device, beyond what is used now."""
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info(device)
        # What the allocator holds without using it does not count as free there, but the measurement can use it.
        return int(free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device))
    try:  # free memory including caches that the kernel can drop
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
