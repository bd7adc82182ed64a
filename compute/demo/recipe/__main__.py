"""From the facts to a model: data, tokenizer, training, export, in one command.

`python -m neurontui.compute.demo.recipe --arch bloom --out compute/demo/models/bloom`
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import torch

from neurontui.compute.demo import MODELS_DIR
from neurontui.compute.demo.recipe.export import export
from neurontui.compute.demo.recipe.facts import load_facts
from neurontui.compute.demo.recipe.model import ARCHITECTURES, new_model
from neurontui.compute.demo.recipe.samples import samples
from neurontui.compute.demo.recipe.tasks import demo_tasks, write_tasks
from neurontui.compute.demo.recipe.tokenizer import train_tokenizer
from neurontui.compute.demo.recipe.training import Phase, train


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m neurontui.compute.demo.recipe")
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), default="bloom")
    parser.add_argument("--steps", type=int, help="about so many instead of all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="model folder; the package's own by default")
    parser.add_argument("--tasks", type=Path, help="also write the task files to this folder")
    return parser.parse_args()


def progress(phase: Phase, number: int) -> Callable[[int, float], None]:
    """Prints a line every 50 steps of a phase, with the seconds since it began."""
    started = time.monotonic()

    def report(step: int, loss: float) -> None:
        if step % 50 == 0 or step == phase.steps:
            seconds = time.monotonic() - started
            print(f"phase {number} step {step} loss {loss:.3f} {seconds:.0f} s", flush=True)

    return report


def main() -> None:
    """Run the recipe; progress goes to stdout."""
    options = arguments()
    architecture = ARCHITECTURES[options.arch]
    phases = architecture.shortened(options.steps) if options.steps else architecture.phases
    torch.set_num_threads(options.threads)
    facts = load_facts()
    tasks = demo_tasks(facts)
    if options.tasks:
        write_tasks(tasks, options.tasks)
    tokenizer = train_tokenizer(facts, architecture.ends_input)
    model = new_model(options.arch, tokenizer, options.seed)
    rng = Random(options.seed)  # noqa: S311 (a repeatable draw, no secret)
    for number, phase in enumerate(phases, start=1):
        stream = samples(rng, facts, tasks.held_out, phase.mix)
        train(model, tokenizer, stream, phase, progress(phase, number))
    export(model, tokenizer, options.out or MODELS_DIR / options.arch)


if __name__ == "__main__":
    main()
