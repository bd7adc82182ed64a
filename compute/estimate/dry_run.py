"""Preview of a run: its prompts, their tokens, and the resources it would need."""

from collections.abc import Iterator

from neurontui.compute.answers.targets import answer_book
from neurontui.compute.batch import unplanned
from neurontui.compute.checks.files import require_files
from neurontui.compute.checks.prompts import check_prompts
from neurontui.compute.config import RunConfig
from neurontui.compute.corpus.dry_run import preview_corpus
from neurontui.compute.estimate.estimate import estimate, estimate_text, shortages
from neurontui.compute.estimate.token_preview import token_lines
from neurontui.compute.models.load.load import load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.progress import SILENT, Phase
from neurontui.compute.run_options import answer_options, model_options, task_options
from neurontui.compute.tasks.corpus.corpus import TASK as CORPUS
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.preview import preview as preview_task
from neurontui.compute.tasks.registry import load_task
from neurontui.compute.tasks.text import printable
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
    layers = f"{len(loaded.layers)} layers, {sum(layer.n_neurons for layer in loaded.layers):,} neurons"
    return "\n".join(
        [
            preview_task(data),
            "",
            *_tokens(config, data, loaded),
            *_prompts(config, data, loaded),
            "",
            f"model      {loaded.name} ({loaded.architecture}): {layers}. {loaded.placement}",
            *_self_check(loaded),
            estimate_text(needs),
            *shortages(needs),
        ]
    )


def _tokens(config: RunConfig, data: TaskData, loaded: LoadedModel) -> Iterator[str]:
    batch = unplanned(data.examples[:1], data.languages)
    before_eos = config.encoder_token == "before-eos"  # noqa: S105 - a position, not a secret
    width = max(len(printable(code)) for code in data.languages)
    yield "Example 1 as the model reads it; → marks the token of measurement"
    for code, line in zip(data.languages, token_lines(loaded, batch, before_eos=before_eos), strict=True):
        yield f"  {printable(code):{width}}  {printable(line)}"


def _self_check(loaded: LoadedModel) -> Iterator[str]:
    if (check := loaded.self_check) is not None:
        lengths = " and ".join(map(str, check.tokens))
        yield (
            f"self-check passed in {check.layers} layers: prompts of {lengths} tokens give the same activations alone "
            f"and in one batch (difference {check.largest_batch_difference:.1e}), weights times value vectors are the "
            f"output of each FFN (difference {check.largest_output_difference:.1e}), ablation removes all of it"
        )


def _prompts(config: RunConfig, data: TaskData, loaded: LoadedModel) -> Iterator[str]:
    """Warnings and refusals, one per line."""
    book = answer_book(loaded, data.examples, data.languages)
    report = check_prompts(loaded, data, book, answer_options(config))
    for sentence in text_warnings(example.prompts for example in data.examples):
        yield f"warning: {printable(sentence)}"
    for sentence in report.notes:
        yield f"warning: {printable(sentence)}"
    for sentence in (*report.refusals, *filter(None, [report.invalid])):
        yield f"refused: {printable(sentence)}"
