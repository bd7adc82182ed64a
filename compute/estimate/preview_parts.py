"""What every preview of a run shows: the first example as tokens, warnings and refusals, and the model."""

from collections.abc import Iterable, Iterator

from neurontui.compute.answers.targets import answer_book
from neurontui.compute.batch import unplanned
from neurontui.compute.checks.prompts import PromptReport, check_prompts
from neurontui.compute.config import RunConfig
from neurontui.compute.estimate.token_preview import token_lines
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.run_options import answer_options
from neurontui.compute.tasks.example import TaskData
from neurontui.compute.tasks.text import printable


def first_example(data: TaskData, loaded: LoadedModel, *, before_eos: bool = False) -> Iterator[str]:
    """The first prompt of each language as tokens, with the arrow at the token of measurement."""
    width = max(len(printable(code)) for code in data.languages)
    lines = token_lines(loaded, unplanned(data.examples[:1], data.languages), before_eos=before_eos)
    for code, line in zip(data.languages, lines, strict=True):
        yield f"  {printable(code):{width}}  {printable(line)}"


def report_of(config: RunConfig, data: TaskData, loaded: LoadedModel) -> PromptReport:
    """What the check of all prompts finds."""
    return check_prompts(loaded, data, answer_book(loaded, data.examples, data.languages), answer_options(config))


def warned(warnings: Iterable[str], refusals: Iterable[str]) -> Iterator[str]:
    """Warnings and reasons why the run would stop, one per line."""
    for sentence in warnings:
        yield f"warning: {printable(sentence)}"
    for sentence in refusals:
        yield f"refused: {printable(sentence)}"


def model_lines(loaded: LoadedModel) -> Iterator[str]:
    """Name and size of the model, and its self-check."""
    layers = f"{len(loaded.layers)} layers, {sum(layer.n_neurons for layer in loaded.layers):,} neurons"
    yield f"model      {loaded.name} ({loaded.architecture}): {layers}. {loaded.placement}"
    if (check := loaded.self_check) is not None:
        lengths = " and ".join(map(str, check.tokens))
        yield (
            f"self-check passed in {check.layers} layers: prompts of {lengths} tokens give the same activations alone "
            f"and in one batch (difference {check.largest_batch_difference:.1e}), weights times value vectors are the "
            f"output of each FFN (difference {check.largest_output_difference:.1e}), ablation removes all of it"
        )
