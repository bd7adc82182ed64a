"""What a gradient pass costs beside a forward pass over the same tokens, and its peak memory for 8 to 128 examples.

The forward pass gives the log-probability of the same answers, without hooks and gradients. The goal is a ratio of at
most 3.2 and memory that does not grow with the examples. Memory is that of live tensors: on Linux, freed ones are
returned to the system at once, because what the C library keeps of passes of many shapes grows for a while.

    python -m tests.benchmarks.gradients [--model FOLDER] [--device cuda] [--rounds 3] [--examples 8]
"""

import argparse
import ctypes
import os
import random
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from neurontui.compute.answers.targets import Targets, answer_book, find_targets
from neurontui.compute.batch import Batch
from neurontui.compute.measures.gradient_sums import GradientSums
from neurontui.compute.measures.gradients import BUDGET_SHARE, GradientOptions, gradients
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.models.passes.forward import head_at_places
from neurontui.compute.models.passes.microbatches import by_length
from neurontui.compute.models.prompts.tokenize import Encoded, encode, pad
from tests.benchmarks.extraction import timed
from tests.benchmarks.memory import peak_memory
from tests.benchmarks.workload import LANGUAGES, batch_of, workload

SIZES = (8, 64, 128)
"""Examples of which memory is measured."""
_MMAP_THRESHOLD = -3
"""M_MMAP_THRESHOLD of glibc: larger blocks are mapped, and unmapped when they are freed."""
ANSWERS = ("Paris", "ist başkenti", "capital", "is Paris ist")


@dataclass(frozen=True)
class Case:
    """A model, prompts of mixed lengths with answers of one to three words, and the tokens of one forward pass."""

    loaded: LoadedModel
    batch: Batch
    targets: Targets
    token_budget: int


def case(loaded: LoadedModel, n_examples: int, token_budget: int) -> Case:
    batch = batch_of(n_examples, random.Random(3))
    examples = tuple(
        replace(example, answers=dict.fromkeys(LANGUAGES, ANSWERS[i % 4])) for i, example in enumerate(batch.examples)
    )
    batch = replace(batch, examples=examples)
    return Case(loaded, batch, find_targets(loaded, batch, answer_book(loaded, examples, LANGUAGES)), token_budget)


@torch.inference_mode()
def forward(work: Case) -> list[float]:
    """Log-probabilities of the answers, by forward passes alone."""
    prompts = encode(work.loaded, work.batch.prompts)
    answers = [target.ids for target in work.targets.rows if target is not None]
    fed = [Encoded((*prompt.ids, *ids[:-1]), 0) for prompt, ids in zip(prompts, answers, strict=True)]
    lengths = [len(each) for each in fed]
    spoken = {}
    for rows in by_length(range(len(fed)), lengths, work.loaded.groups(lengths), work.token_budget):
        tokens = pad(work.loaded, [fed[row] for row in rows])
        places = [(at, len(prompts[row]) - 1 + i) for at, row in enumerate(rows) for i in range(len(answers[row]))]
        row, position = torch.tensor(places, device=work.loaded.device).T
        with head_at_places(work.loaded.model, row, position):
            outputs = work.loaded.model(input_ids=tokens.ids, attention_mask=tokens.mask, use_cache=False)
        words = torch.tensor([word for row in rows for word in answers[row]], device=work.loaded.device)
        values = outputs.logits[0].float().log_softmax(-1).gather(-1, words[:, None])[:, 0]
        for at, number in enumerate(rows):
            spoken[number] = float(values[row == at].sum())
    return [spoken[number] for number in range(len(fed))]


def backward(work: Case) -> GradientSums:
    """Gradients of all neurons, summed by language as in a run."""
    sums = GradientSums(LANGUAGES, work.loaded.layers)
    options = GradientOptions(work.token_budget // BUDGET_SHARE)
    gradients(work.loaded, work.batch, work.targets, options, sums.add)
    return sums


def table(cases: Iterator[Case], rounds: int) -> Iterator[str]:
    """Markdown, row by row."""
    sizes = " | ".join(f"{n} examples" for n in SIZES)
    yield f"| model | gradient pass / forward pass | seconds of the latter | peak memory: {sizes} |"
    yield f"|---|---|---|{'---|' * len(SIZES)}"
    for work in cases:
        device = work.loaded.device
        pairs = [(timed(lambda: forward(work), device)[0], timed(lambda: backward(work), device)[0])  # noqa: B023
                 for _ in range(rounds + 1)][1:]  # fmt: skip
        ratio = statistics.median(b / a for a, b in pairs)
        peaks = []
        _return_freed_memory()
        for n in SIZES:
            some = case(work.loaded, n, work.token_budget)
            with peak_memory(device) as peak:
                backward(some)
            peaks.append(f"{peak.bytes / 1e6:.0f} MB")
        name = f"{work.loaded.name}, {len(work.loaded.layers)} × {work.loaded.layers[0].n_neurons}, {work.loaded.dtype}"
        yield f"| {name} | {ratio:.2f} | {statistics.median(a for a, _ in pairs):.2f} | {' | '.join(peaks)} |"


def _return_freed_memory() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 1 << 16)


def cases(model: str | None, device: str, n_examples: int) -> Iterator[Case]:
    if model is not None:
        loaded = load_model(ModelOptions(model, device=device))
        yield case(loaded, n_examples, 4096)
        return
    for architecture in ("bloom", "llama"):
        work = workload(architecture, device, None, 1)
        yield case(work.loaded, n_examples, work.token_budget)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--examples", type=int, default=8)
    given = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, torch threads {torch.get_num_threads()}")
    for line in table(cases(given.model, given.device, given.examples), given.rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
