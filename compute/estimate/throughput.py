"""How long a model may take, guessed before it runs: good for choosing the size of a batch, and for nothing else."""

from neurontui.compute.config import RunConfig
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.tokenize import encode
from neurontui.compute.tasks.example import TaskData

_SAMPLE = 64
# Multiplications and additions a second that models of some size reach, rather less than more. The same for every
# CPU, whatever its threads: engines that cut a run alike end in the same store, bit for bit.
_A_CPU, _A_GPU = 4e10, 5e13


def seconds_per_pass(loaded: LoadedModel, data: TaskData) -> float:
    """Of all prompts of an example, on such a device: twice the parameters a token, at a usual speed."""
    step = max(1, len(data.examples) // _SAMPLE)
    sample = data.examples[::step]
    prompts = [each.prompts[code] for each in sample for code in data.languages]
    tokens = sum(len(each) for each in encode(loaded, prompts)) / max(1, len(sample))
    speed = _A_GPU if loaded.device.startswith("cuda") else _A_CPU
    return 2 * loaded.facts.n_parameters * tokens / speed


def passes_per_example(config: RunConfig, data: TaskData, n_conditions: int) -> float:
    """How often a run reads an example's prompts: for activity, for answers, and once a condition."""
    n_examples = max(1, len(data.examples))
    ablated = min(1.0, (config.ablation_examples or n_examples) / n_examples)
    return 1 + any(each.answers for each in data.examples) + n_conditions * ablated
