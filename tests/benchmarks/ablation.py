"""What an ablation costs beside its baseline, what scores cost beside a forward pass, and ranking beside the naive way.

Everything is measured in one process on one model of a real shape with random weights, in turns; the table gives
medians over the rounds, as ratios.

    python -m tests.benchmarks.ablation [--device cuda] [--rounds 3]
"""

import argparse
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch

from neurontui.compute.ablation.conditions import plan_conditions
from neurontui.compute.ablation.options import AblationOptions
from neurontui.compute.ablation.tables import ablation_tables
from neurontui.compute.answers.decoder import Decoder
from neurontui.compute.answers.predict import (
    AnswerOptions,
    Prepared,
    padded_prompts,
    prepare,
)
from neurontui.compute.answers.ranking import rank
from neurontui.compute.answers.targets import Targets, answer_book, find_targets
from neurontui.compute.batch import Capture
from neurontui.compute.measures.attribution import AttributionOptions, Scoring
from neurontui.compute.measures.masks import TYPES, pack_tensor
from neurontui.compute.models.passes.capture import CaptureOptions, capture
from neurontui.compute.models.passes.microbatches import Rows, by_length
from neurontui.compute.models.prompts.tokenize import Encoded, encode, pad
from tests.benchmarks.bare_pass import bare
from tests.benchmarks.extraction import timed
from tests.benchmarks.workload import Workload, workload

NONE = AblationOptions(types=(), fractions=(), matched=(), dosed=())
CONTENDERS = {
    "a type": (replace(NONE, types=("all-shared",)), 1),
    "a random share": (replace(NONE, fractions=(0.25,), seeds=1), 1),
    "a matched control and its type": (
        replace(NONE, types=("specific",), matched=("specific",)),
        2,
    ),
    "three paired doses and their type": (
        replace(NONE, types=("all-shared",), dosed=("all-shared",)),
        7,
    ),
    "four types, last token and generated ones only": (replace(NONE, types=TYPES, scope="last"), 4),
    "four types, last layer only": (replace(NONE, types=TYPES, layers=(-1,)), 4),
}
"""What is ablated, and how many conditions that is."""


@dataclass(frozen=True)
class Case:
    """A workload with answers and choices, captured."""

    work: Workload
    targets: Targets
    captured: Capture
    masks: list[torch.Tensor]
    answers: AnswerOptions

    def ablate(self, options: AblationOptions, *, baseline: bool) -> None:
        """All conditions of some options, with or without their baseline."""
        layers = self.work.loaded.layers
        if options.layers is not None:
            options = replace(options, layers=tuple(len(layers) + each for each in options.layers))
        options = replace(options, answers=self.answers)
        conditions = plan_conditions(options, layers, len(self.work.batch.languages))
        ablation_tables(
            self.work.loaded,
            self.work.batch,
            self.captured,
            self.masks,
            conditions if baseline else conditions[1:],
            self.targets,
            options,
        )

    def attribute(self) -> None:
        """All scores of the batch."""
        scoring = Scoring(self.work.loaded, self.work.batch.languages, AttributionOptions())
        scoring.add(self.work.batch, self.captured, self.masks, self.targets)
        scoring.tables()


def case(work: Workload) -> Case:
    """Answers and four choices of one to three words, as capitals have."""
    words = ["Paris", "ist başkenti", "capital", "is Paris ist"]
    examples = tuple(
        replace(
            each,
            answers=dict.fromkeys(work.batch.languages, words[i % 4]),
            choices=dict.fromkeys(work.batch.languages, tuple(words)),
        )
        for i, each in enumerate(work.batch.examples)
    )
    work = replace(work, batch=replace(work.batch, examples=examples))
    book = answer_book(work.loaded, examples, work.batch.languages)
    options = CaptureOptions(token_budget=work.token_budget, any_token=False)
    found = capture(work.loaded, work.batch, options)
    return Case(
        work,
        find_targets(work.loaded, work.batch, book),
        found,
        [pack_tensor(each > 0) for each in found.activations],
        AnswerOptions(max_new_tokens=4, token_budget=work.token_budget),
    )


def passes(prepared: Prepared, budget: int) -> Iterator[Rows]:
    yield from by_length(range(len(prepared.encoded)), prepared.costs, prepared.groups, budget)


@torch.inference_mode()
def rank_shared(case: Case) -> list[bool | None]:
    """Choices ranked from one reading of the prompts."""
    prepared = prepare(case.work.loaded, case.work.batch, case.targets, case.answers)
    found: dict[int, bool | None] = {}
    for rows in passes(prepared, case.work.token_budget):
        decoder = Decoder(case.work.loaded)
        reading, logits = decoder.read(padded_prompts(case.work.loaded, prepared, rows), prepared.room)
        contests = [prepared.questions[row].choice_ranking for row in rows]
        for row, each in zip(rows, rank(decoder, reading, logits, contests), strict=True):
            found[row] = None if each is None else each.correct
    return [found[row] for row in range(len(found))]


@torch.inference_mode()
def rank_naively(case: Case) -> list[bool | None]:
    """Every choice appended to its prompt and run whole, in batches; logits of the choice's tokens only."""
    loaded = case.work.loaded
    prompts = encode(loaded, case.work.batch.prompts)
    scores: dict[tuple[int, int], float] = {}
    jobs = [
        (row, i, (*prompt.ids, *ids), len(ids))
        for row, (prompt, target) in enumerate(zip(prompts, case.targets.rows, strict=True))
        if target is not None
        for i, ids in enumerate(target.choices)
    ]
    lengths = [len(job[2]) for job in jobs]
    groups = loaded.groups(lengths)
    for part in by_length(range(len(jobs)), lengths, groups, case.work.token_budget):
        tokens = pad(loaded, [Encoded(jobs[i][2], 0) for i in part])
        hidden = loaded.model.base_model(input_ids=tokens.ids, attention_mask=tokens.mask, use_cache=False)[0]
        for at, i in enumerate(part):
            row, choice, ids, n = jobs[i]
            behind = hidden[at, len(ids) - n - 1 : len(ids) - 1]
            spoken = loaded.model.get_output_embeddings()(behind).float().log_softmax(-1)
            chosen = torch.tensor(ids[-n:], device=spoken.device)
            scores[row, choice] = float(spoken.gather(-1, chosen[:, None]).sum())
    right = [i // len(case.work.batch.languages) % 4 for i in range(len(prompts))]
    return [
        max(range(4), key=lambda i, row=row: scores[row, i]) == right[row]  # type: ignore[misc]
        for row in range(len(prompts))
    ]


def ratios(base: Callable[[], object], other: Callable[[], object], rounds: int, device: str) -> tuple[float, float]:
    """Median of other / base over rounds in turns, after one round to warm up; and base in seconds."""
    pairs = [(timed(base, device)[0], timed(other, device)[0]) for _ in range(rounds + 1)][1:]
    return statistics.median(b / a for a, b in pairs), statistics.median(a for a, _ in pairs)


def table(device: str, rounds: int, hidden: int | None = None, n_examples: int | None = None) -> Iterator[str]:
    """Markdown, row by row."""
    yield "| model | measured | compared with | × | seconds of the latter |"
    yield "|---|---|---|---|---|"
    for architecture in ("bloom", "llama"):
        found = case(workload(architecture, device, hidden, n_examples))
        for what, beside, ratio, seconds in lines(found, rounds):
            yield f"| {found.work.name} | {what} | {beside} | {ratio:.3f} | {seconds:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hidden", type=int)
    parser.add_argument("--examples", type=int)
    given = parser.parse_args()
    for line in table(given.device, given.rounds, given.hidden, given.examples):
        print(line)


def lines(found: Case, rounds: int) -> Iterator[tuple[str, str, float, float]]:
    """Rows of the table."""
    device = found.work.loaded.device

    def baseline() -> None:
        found.ablate(NONE, baseline=True)

    for name, (options, n) in CONTENDERS.items():
        ratio, seconds = ratios(
            baseline,
            lambda chosen=options: found.ablate(chosen, baseline=False),
            rounds,
            device,  # type: ignore[misc]
        )
        yield f"one condition: {name}", "its baseline", ratio / n, seconds
    ratio, seconds = ratios(lambda: bare(found.work, found.work.batch), found.attribute, rounds, device)
    yield "contribution and effective scores", "bare base-model forward", ratio, seconds
    assert rank_shared(found) == rank_naively(found)
    ratio, seconds = ratios(lambda: rank_shared(found), lambda: rank_naively(found), rounds, device)
    yield "ranking four choices separately", "from one shared cache", ratio, seconds


if __name__ == "__main__":
    main()
