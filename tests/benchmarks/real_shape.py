"""A run and an ablation on real weights and real prompts, beside the passes that nobody can do without.

    NEURONTUI_REAL=folder-of-a-model NEURONTUI_DATA=folder-of-task-data python -m tests.benchmarks.real_shape

Without NEURONTUI_REAL, a folder with a converted model (Gemma 3 270M), nothing is measured; without NEURONTUI_DATA,
the prompts are those of the built-in knowledge editing task. Everything takes turns in one process; times are CPU
seconds, the least of the rounds, because other work on the machine can only add to them.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from transformers import DynamicCache

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.answers.predict import AnswerOptions
from neurontui.compute.answers.targets import AnswerBook, Targets, answer_book, find_targets
from neurontui.compute.batch import Batch, Capture
from neurontui.compute.config import RunConfig
from neurontui.compute.demo import demo_task
from neurontui.compute.engines.local import measure_into
from neurontui.compute.measures.masks import pack_tensor
from neurontui.compute.measures.measurer import Ablation, Measurer
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.forward import forward
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.compute.models.prompts.tokenize import Encoded, Tokens, encode, pad
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task
from tests.benchmarks.extraction import timed

LANGUAGES = ("en", "de", "es", "fr", "tr")
BUDGET, NEW_TOKENS, GOAL = 4096, 8, 1.15
CONDITIONS = AblationOptions(
    types=("all-shared", "specific"), fractions=(0.25,), seeds=1,
    matched=("specific",), dosed=("specific",), doses=(0.02,), answers=AnswerOptions(NEW_TOKENS, BUDGET),
)  # fmt: skip

GENERATED = replace(CONDITIONS, types=("all-shared",), fractions=(), matched=(), dosed=(), judge="generated")


@dataclass(frozen=True)
class Case:
    """A model and the prompts, answers and captured activity of some examples."""

    loaded: LoadedModel
    batch: Batch
    book: AnswerBook
    targets: Targets
    captured: Capture
    masks: list[Tensor]
    folder: Path

    def passes(self, texts: Sequence[tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], Tokens]]:
        """Rows and padded tokens of each forward pass over these texts."""
        lengths = [len(ids) for ids in texts]
        for rows in by_length(range(len(texts)), lengths, self.loaded.groups(lengths), BUDGET):
            yield rows, pad(self.loaded, [Encoded(texts[row], 0) for row in rows])

    @property
    def prompts(self) -> list[tuple[int, ...]]:
        """Tokens of every prompt."""
        return [prompt.ids for prompt in encode(self.loaded, self.batch.prompts)]

    @property
    def answers(self) -> list[tuple[int, ...]]:
        """Tokens of the answer to every prompt."""
        return [() if target is None else target.ids for target in self.targets.rows]


def case(folder: str, data: str | None, n_examples: int, scratch: Path) -> Case:
    """The first examples of knowledge editing, English to all."""
    loaded = load_model(ModelOptions(folder, device="cpu"))
    task = "ke-en-all" if data else str(demo_task("ke-en-all"))
    examples = load_task(task, TaskOptions(data and Path(data), LANGUAGES, n_examples)).examples
    indices = tuple(range(len(examples)))
    batch = Batch(0, indices, tuple(i % 20 for i in indices), examples, LANGUAGES)
    book = answer_book(loaded, examples, LANGUAGES)
    captured = capture(loaded, batch, CaptureOptions(token_budget=BUDGET, any_token=False))
    masks = [pack_tensor(activations > 0) for activations in captured.activations]
    return Case(loaded, batch, book, find_targets(loaded, batch, book), captured, masks, scratch)


@torch.inference_mode()
def bare_run(case: Case) -> None:
    """A forward pass without the LM head over the prompts, and greedy generation after a second one."""
    for rows, tokens in case.passes(case.prompts):
        forward(case.loaded, tokens)
        generate(case.loaded.model, tokens, torch.arange(len(rows)))


def generate(model: torch.nn.Module, tokens: Tokens, rows: Tensor) -> None:
    """Eight tokens after each prompt, with the LM head at the last token alone."""
    cache = DynamicCache()
    hidden = model.base_model(input_ids=tokens.ids, attention_mask=tokens.mask, past_key_values=cache, use_cache=True)
    following = model.get_output_embeddings()(hidden[0][rows, tokens.last]).argmax(-1)
    mask = tokens.mask
    for step in range(1, NEW_TOKENS):
        mask = torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
        hidden = model.base_model(
            input_ids=following[:, None], attention_mask=mask, past_key_values=cache, use_cache=True,
            position_ids=(tokens.last + step)[:, None],
        )  # fmt: skip
        following = model.get_output_embeddings()(hidden[0][:, -1]).argmax(-1)


@torch.inference_mode()
def bare_condition(case: Case) -> None:
    """A forward pass over prompts and answers, and the log-probability of the answers."""
    prompts, answers = case.prompts, case.answers
    whole = [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)]
    for rows, tokens in case.passes(whole):
        hidden = forward(case.loaded, tokens)
        places = [(i, at) for i, row in enumerate(rows) for at in range(len(prompts[row]) - 1, len(whole[row]) - 1)]
        at = torch.tensor(places)
        logits = case.loaded.model.get_output_embeddings()(hidden[at[:, 0], at[:, 1]])
        spoken = tokens.ids[at[:, 0], at[:, 1] + 1]
        (logits.gather(-1, spoken[:, None])[:, 0] - logits.logsumexp(-1)).tolist()


def measured_run(case: Case) -> None:
    """Types, scores and answers of all examples, written as a batch of the journal."""
    config = RunConfig(
        model="", task="", out=Path(), measures=("types", "attribution"), batch_tokens=BUDGET,
        max_new_tokens=NEW_TOKENS,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(dir=case.folder) as folder:
        measurer = Measurer(config, case.loaded, case.book, Ablation())
        measure_into(Path(folder) / "batch", measurer, case.batch)


def measured_conditions(case: Case, options: AblationOptions = CONDITIONS) -> int:
    """All conditions but the baseline; returns their number."""
    conditions = plan_conditions(options, case.loaded.layers, len(LANGUAGES))[1:]
    ablation_tables(case.loaded, case.batch, case.captured, case.masks, conditions, case.targets, options)
    return len(conditions)


def least(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """CPU seconds of each, the least of rounds in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(timed(run, "cpu")[0])
    return {name: min(taken) for name, taken in seconds.items()}


def table(rounds: int = 2, n_examples: int = 8) -> Iterator[str]:
    """Markdown, row by row; one line that says what is missing without real weights."""
    folder, data = os.environ.get("NEURONTUI_REAL"), os.environ.get("NEURONTUI_DATA")
    if not folder:
        yield "NEURONTUI_REAL IS NOT SET: nothing was measured on real weights."
        return
    with tempfile.TemporaryDirectory() as scratch:
        made = case(folder, data, n_examples, Path(scratch))
        conditions = len(plan_conditions(CONDITIONS, made.loaded.layers, len(LANGUAGES))) - 1
        runs = {
            "bare forward pass, and generation": bare_run,
            "run with types, scores and answers": measured_run,
            "bare pass over prompt and answer": bare_condition,
            "all conditions": measured_conditions,
            "one condition, generated": partial(measured_conditions, options=GENERATED),
        }
        seconds = least({name: partial(run, made) for name, run in runs.items()}, rounds)
        tokens = sum(map(len, made.prompts))
    yield f"{made.loaded.name}, {len(made.prompts)} prompts, {tokens:,} tokens, {torch.get_num_threads()} threads\n"
    yield "| measured | compared with | seconds of both | ratio | goal |"
    yield "|---|---|---|---|---|"
    bare = seconds["bare forward pass, and generation"]
    run = seconds["run with types, scores and answers"]
    yield f"| run with types, scores and answers | bare pass, and generation | {_ratio(run, bare)} | {GOAL} |"
    single = seconds["bare pass over prompt and answer"]
    forced, generated = seconds["all conditions"] / conditions, seconds["one condition, generated"]
    yield f"| one condition, teacher-forced | bare pass over prompt and answer | {_ratio(forced, single)} | {GOAL} |"
    yield f"| one condition, generated | bare pass over prompt and answer | {_ratio(generated, single)} | |"


def _ratio(own: float, bare: float) -> str:
    return f"{own:.2f} / {bare:.2f} | {own / bare:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--examples", type=int, default=8)
    given = parser.parse_args()
    for line in table(given.rounds, given.examples):
        print(line)


if __name__ == "__main__":
    main()
