"""A run that is only looked at: its prompts, and what it would need."""

from neurontui.compute.choices import model_options, task_options
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate import estimate, shortages, told
from neurontui.compute.models.loading import load_model
from neurontui.compute.tasks.load import load_task
from neurontui.compute.tasks.preview import preview as preview_task


def preview(config: RunConfig) -> str:
    """The first example in every language, sizes, and what is too small for them. Loads the model, stores nothing."""
    data = load_task(config.task, task_options(config))
    loaded = load_model(model_options(config))
    found = estimate(config, data, loaded)
    layers = (
        f"{len(loaded.layers)} layers, {sum(each.n_neurons for each in loaded.layers):,} neurons"
    )
    return "\n".join(
        [
            preview_task(data),
            "",
            f"model      {loaded.name} ({loaded.architecture}): {layers}. {loaded.placement}",
            told(found),
            *shortages(found),
        ]
    )
