"""Preview of a run: its prompts, their tokens, and the resources it would need."""

from collections.abc import Iterator

from neurontui.compute.checks.files import require_files
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.dry_run import preview_corpus
from neurontui.compute.estimate.estimate import estimate, estimate_text, shortages
from neurontui.compute.estimate.preview_parts import first_example, model_lines, report_of, warned
from neurontui.compute.models.load.load import load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.run_options import model_options, task_options
from neurontui.compute.tasks.corpus.corpus import TASK as CORPUS
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.preview import preview as preview_task
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.text_checks import text_warnings


def preview(config: RunConfig, progress: Phase = SILENT) -> str:
    """The first example in every language as text and as tokens, warnings, sizes, and resources that do not suffice.

    Loads the model and stores nothing. Reasons why the run would stop at its prompts are lines `refused: …`.
    """
    if config.task == CORPUS:
        return preview_corpus(config, progress)
    data = load_task(config.task, task_options(config))
    require_files(config, data.languages)
    loaded = load_model(model_options(config), progress=progress)
    progress.within("estimating")
    needs = estimate(config, data, loaded)
    return "\n".join(
        [
            preview_task(data),
            "",
            "Example 1 as the model reads it; → marks the token of measurement",
            *first_example(data, loaded, before_eos=config.encoder_token == "before-eos"),  # noqa: S105 - a position
            *_prompts(config, data, loaded),
            "",
            *model_lines(loaded),
            estimate_text(needs),
            *shortages(needs),
        ]
    )


def _prompts(config: RunConfig, data: TaskData, loaded: LoadedModel) -> Iterator[str]:
    report = report_of(config, data, loaded)
    texts = text_warnings(example.prompts for example in data.examples)
    return warned((*texts, *report.notes), (*report.refusals, *filter(None, [report.invalid])))
