"""The baseline of steering: the prompt asks for the answer in a language, and no neuron is changed."""

from collections.abc import Sequence
from dataclasses import replace

from neurontui.compute.ablation.interventions import Result, judged
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.predict import padded_prompts, passes, passes_per_answer, prepare
from neurontui.compute.answers.targets import Targets
from neurontui.compute.batch import Batch
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.followed import followed
from neurontui.compute.models.passes.microbatches import Rows, run_halving
from neurontui.compute.models.prompts.tokenize import InvalidPromptError
from neurontui.compute.progress import SILENT, Phase
from neurontui.store.errors import InputError
from neurontui.store.journal.manifest import Condition
from neurontui.store.languages.rows import language_row


def prompt_conditions(languages: Sequence[str], start: int) -> list[Condition]:
    """One condition for each language, numbered from `start`."""
    return [
        Condition(start + i, "prompt", f"prompt asks for {code}", set_language=code) for i, code in enumerate(languages)
    ]


def instruction(language: str) -> str:
    """The sentence before a prompt."""
    return f"Answer in {language_row(language).name}."


def asked_in(batch: Batch, language: str) -> Batch:
    """The batch with the instruction before every prompt."""
    before = f"{instruction(language)} "
    return replace(
        batch,
        examples=tuple(
            replace(example, prompts={code: before + text for code, text in example.prompts.items()})
            for example in batch.examples
        ),
    )


def answers_asked_in(
    loaded: LoadedModel,
    batch: Batch,
    language: str,
    targets: Targets,
    options: AblationOptions,
    progress: Phase = SILENT,
) -> dict[int, Result]:
    """Row -> outcome of each prompt after the instruction, judged as in the other conditions.

    Raises InputError for a prompt that is too long with it.
    """
    try:
        prepared = prepare(loaded, asked_in(batch, language), targets, options.answers)
    except InvalidPromptError as error:
        raise InputError(f"With '{instruction(language)}' before it (--ablation-prompt-baseline): {error}") from error
    result_of: dict[int, Result] = {}
    counted = progress.within("group of prompts")

    def step(rows: Rows) -> None:
        parts = passes(loaded, prepared, rows)
        lengths = counted.within("length", len(parts))
        for part in parts:
            with followed(loaded.ffns, lengths, at_most=passes_per_answer(options.answers)):
                decoder = Decoder(loaded)
                reading, logits = decoder.read(padded_prompts(loaded, prepared, part), prepared.room)
                outcomes = judged(options, decoder, prepared, part, reading, logits)
            lengths.advance()
            result_of.update((row, Result(outcome, 0)) for row, outcome in zip(part, outcomes, strict=True))

    run_halving(prepared.costs, prepared.groups, options.answers.token_budget, step, counted)
    return result_of
