"""Rough estimate of the duration of a pass, only for choosing the batch size."""

from neurontui.compute.ablation.survey import needs_survey, needs_weights
from neurontui.compute.ablation.values import FROM_PROMPTS, parse_values
from neurontui.compute.batch import unplanned
from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.prompts.tokenize import encode_prompts
from neurontui.compute.tasks.example import TaskData

_SAMPLE = 64
_GRADIENT, _EXACT = 2.5, 0.25
"""Forward passes that a gradient takes, and a single neuron, which needs later layers and last tokens only."""
# Conservative multiplications and additions per second. The same for every CPU, whatever its number of threads: then
# all engines cut a run into the same batches and store the same bits.
_A_CPU, _A_GPU = 4e10, 5e13


def seconds_per_pass(loaded: LoadedModel, data: TaskData) -> float:
    """Seconds for all prompts of an example: two operations per parameter and token at the speed of the device."""
    step = max(1, len(data.examples) // _SAMPLE)
    sample = data.examples[::step]
    tokens = sum(len(encoded) for encoded in encode_prompts(loaded, unplanned(sample, data.languages))) / max(
        1, len(sample)
    )
    speed = _A_GPU if loaded.device.startswith("cuda") else _A_CPU
    return 2 * loaded.facts.n_parameters * tokens / speed


def passes_per_example(config: RunConfig, data: TaskData, n_conditions: int, n_layers: int = 0) -> float:
    """Forward passes over the prompts of an example, for activity, answers, gradients and exact effects on average.

    Also one per ablation condition, those of the survey before the ablation, and one for each value that consists of
    weights of other prompts. n_layers: for exact effects.
    """
    n_examples = max(1, len(data.examples))
    ablated = min(1.0, (config.ablation_examples or n_examples) / n_examples)
    gradients = _GRADIENT * ("gradient" in config.measures)
    exact = min(1.0, config.truth_examples / n_examples) * config.truth_neurons * n_layers * _EXACT
    surveyed = needs_survey(config) * (1 + needs_weights(config))
    donated = sum(value.name in FROM_PROMPTS for value in parse_values(config.ablation_value)) * (n_conditions > 0)
    answered = any(example.answers for example in data.examples)
    return 1 + answered + surveyed + (n_conditions + donated) * ablated + gradients + exact
