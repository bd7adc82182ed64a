"""`neurontui demo`: every experiment on the built-in model, then the explorer."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from neurontui.compute.config import RunConfig


@click.command("demo", short_help="All experiments on the built-in model, then the explorer.")
@click.option(
    "--out", type=click.Path(path_type=Path), default="results.duckdb", show_default=True,
    metavar="RESULTS", help="Results file.",
)  # fmt: skip
@click.option("--no-open", is_flag=True, help="Print the summary and stop.")
def command(out: Path, no_open: bool) -> None:
    """Measure the built-in model on its facts, without any download, and open the explorer.

    The model is a small BLOOM trained on capital cities in ten languages. Without a terminal,
    the summary is printed and the command ends.
    """
    from neurontui.tui.commands.needs_compute import needs_compute

    with needs_compute():
        from neurontui.compute.run import run
    from neurontui.tui.commands.narrator import Narrator
    from neurontui.tui.summary import print_summary

    began = time.monotonic()
    narrator = Narrator()
    for config in _configs(out):
        run(config, narrator)
    narrator.say(f"measured in {time.monotonic() - began:.0f} s; results in {out}")
    print_summary(out)
    if not no_open and sys.stdin.isatty() and sys.stdout.isatty():
        from neurontui.tui.app import explore

        explore([out], None)


def _configs(out: Path) -> "list[RunConfig]":
    """The five runs of the demo; ablation where the paper has it, and on few random conditions to stay quick."""
    from neurontui.compute.config import RunConfig
    from neurontui.compute.demo import DEMO_MODEL, TASKS, demo_task

    ablated = {"xnli", "ke-en-all"}
    return [
        RunConfig(
            model=str(DEMO_MODEL),
            task=str(demo_task(task)),
            out=out,
            name=f"demo · {task}",
            measures=("types", "attribution", "ablation")
            if task in ablated
            else ("types", "attribution"),
            thresholds=(0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
            ablation_examples=20,
            ablation_fractions=(0.05, 0.25, 0.75),
            ablation_doses=(0.05,),
            max_new_tokens=3 if task == "xnli" else 8,
            device="cpu",
        )
        for task in TASKS
    ]
