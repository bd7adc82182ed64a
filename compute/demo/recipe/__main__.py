"""Create a demo model from the facts: data, tokenizer, training and export in one command.

`python -m neurontui.compute.demo.recipe --arch bloom --out compute/demo/models/bloom`
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
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
from neurontui.compute.demo.recipe.training import train


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m neurontui.compute.demo.recipe")
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), default="bloom")
    parser.add_argument("--steps", type=int, help="instead of all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="model folder; the package's own by default")
    parser.add_argument("--tasks", type=Path, help="also write the task files to this folder")
    return parser.parse_args()


def progress(steps: int) -> Callable[[int, float], None]:
    """Prints a line every 50 steps, with the seconds since training began."""
    started = time.monotonic()

    def report(step: int, loss: float) -> None:
        if step % 50 == 0 or step == steps:
            print(f"step {step} loss {loss:.3f} {time.monotonic() - started:.0f} s", flush=True)

    return report


def main() -> None:
    """Run the recipe; progress goes to stdout."""
    options = arguments()
    architecture = ARCHITECTURES[options.arch]
    lesson = replace(architecture.lesson, steps=options.steps or architecture.lesson.steps)
    torch.set_num_threads(options.threads)
    facts = load_facts()
    tasks = demo_tasks(facts)
    if options.tasks:
        write_tasks(tasks, options.tasks)
    tokenizer = train_tokenizer(facts, architecture.ends_input)
    model = new_model(options.arch, tokenizer, options.seed)
    rng = Random(options.seed)  # noqa: S311 (a repeatable draw, no secret)
    stream = samples(rng, facts, tasks.held_out, lesson.mix)
    train(model, tokenizer, stream, lesson, progress(lesson.steps))
    export(model, tokenizer, options.out or MODELS_DIR / options.arch)


if __name__ == "__main__":
    main()
