"""`neurontui demo`: run all experiments on the built-in models, then open the explorer."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from neurontui.compute.config import RunConfig


@click.command("demo", short_help="Run all experiments on the built-in models, then open the explorer.")
@click.option(
    "--out", type=click.Path(path_type=Path), default="results.duckdb", show_default=True,
    metavar="RESULTS", help="Results file.",
)  # fmt: skip
@click.option("--no-open", is_flag=True, help="Print the summary and exit.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
def command(out: Path, no_open: bool, quiet: bool) -> None:
    """Measure the built-in models without downloads, print a summary and open the explorer.

    The models are small and trained on capital cities in ten languages. The explorer opens only in a terminal.
    """
    from neurontui.tui.cli.extras import needs_compute

    with needs_compute():
        from neurontui.compute.run import run
    from neurontui.tui.cli.demo_summary import print_summary
    from neurontui.tui.cli.progress_bar import ProgressBar
    from neurontui.tui.cli.signals import resumable

    began = time.monotonic()
    progress = ProgressBar(quiet=quiet)
    with resumable():
        for config in _configs(out):
            run(config, progress)
    progress.say(f"measured in {time.monotonic() - began:.0f} s; results in {out}")
    print_summary(out)
    if not no_open and sys.stdin.isatty() and sys.stdout.isatty():
        from neurontui.tui.explorer.terminal import open_explorer

        open_explorer([out])


def _configs(out: Path) -> "list[RunConfig]":
    """The runs of the demo: all tasks on the BLOOM model, and the facts on a Llama and an mT5 model.

    Ablation is limited to the tasks of the paper, few examples and few random conditions, to be fast.
    """
    from neurontui.compute.config import RunConfig
    from neurontui.compute.demo import DEMO_MODEL, MODELS_DIR, TASKS, demo_task

    runs = [
        RunConfig(
            model=str(DEMO_MODEL),
            task=str(demo_task(task)),
            out=out,
            name=f"demo · {task}",
            measures=("types", "attribution"),
            thresholds=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
            max_new_tokens=12,
            batch_tokens=1024,  # fits in a laptop's cache
            device="cpu",
        )
        for task in TASKS
    ]
    ablated = {"xnli": 3, "ke-en-all": 12}
    runs = [
        config
        if task not in ablated
        else replace(
            config,
            measures=("types", "attribution", "ablation"),
            ablation_examples=20,
            ablation_fractions=(0.05, 0.25, 0.75),
            ablation_doses=(0.05,),
            max_new_tokens=ablated[task],
        )
        for task, config in zip(TASKS, runs, strict=True)
    ]
    fact = runs[TASKS.index("fact")]
    siblings = [replace(fact, model=str(MODELS_DIR / kind), name=f"demo {kind} · fact") for kind in ("llama", "mt5")]
    return [*siblings, *runs]
