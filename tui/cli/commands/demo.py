"""`neurontui demo`: run all experiments on the built-in models or on real weights, then open the explorer."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from neurontui.compute.config import RunConfig

RESULTS, REAL_RESULTS = Path("results.duckdb"), Path("real.duckdb")


@click.command("demo", short_help="Run all experiments on the built-in models, then open the explorer.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="RESULTS",
    help=f"Results file.  [default: {RESULTS}; with --real: {REAL_RESULTS}]",
)  # fmt: skip
@click.option("--no-open", is_flag=True, help="Print the summary and exit.")
@click.option("--quiet", is_flag=True, help="Print no progress.")
@click.option("--real", is_flag=True, help="Measure Gemma 3 270M instead; asks before it is installed (253 MB).")
@click.option("--accept", is_flag=True, help="With --real: accept the model's terms without being asked.")
@click.option("--quick", is_flag=True, help="With --real: fewer examples, about 6 minutes instead of 25.")
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="PATH",
    help="With --real: folder with XNLI, mParaRel and MzsRE, instead of the built-in facts.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="With --real: print its commands with times and sizes; install nothing.")
def command(
    out: Path | None,
    no_open: bool,
    quiet: bool,
    real: bool,
    accept: bool,
    quick: bool,
    data: Path | None,
    dry_run: bool,
) -> None:
    """Measure the built-in models without downloads, print a summary and open the explorer.

    The models are small and trained on capital cities in ten languages. The explorer opens only in a terminal.
    If the command is interrupted, rerun it to resume.
    """
    if real:
        out = out or REAL_RESULTS
        if not _measure_real(out, quiet=quiet, accept=accept, quick=quick, data=data, dry_run=dry_run):
            return
    else:
        _refuse_real_options(accept=accept, quick=quick, data=data, dry_run=dry_run)
        out = out or RESULTS
        _measure(_configs(out), out, quiet)
    if not no_open and sys.stdin.isatty() and sys.stdout.isatty():
        from neurontui.tui.explorer.terminal import open_explorer

        open_explorer([out])


def _refuse_real_options(**given: object) -> None:
    from neurontui.store.errors import UsageError

    for name, value in given.items():
        if value:
            raise UsageError(f"--{name.replace('_', '-')} is an option of demo --real; add --real.")


def _measure_real(out: Path, *, quiet: bool, accept: bool, quick: bool, data: Path | None, dry_run: bool) -> bool:
    """Install the weights and run the plan; False if it was only printed."""
    from neurontui.tui.cli.extras import needs_compute

    with needs_compute():
        from neurontui.compute.real.plan import config_of, plan_text, planned
        from neurontui.compute.real.weights import GEMMA
        from neurontui.compute.run import require_inputs
    from neurontui.tui.cli.accepted_weights import accepted_weights

    runs = planned(quick=quick)
    configs = [config_of(run, GEMMA.path, out, data) for run in runs]
    if dry_run:
        click.echo(plan_text(runs, configs))
        return False
    for config in configs:
        require_inputs(config)
    accepted_weights(GEMMA, accept=accept)
    _measure(configs, out, quiet)
    return True


def _measure(configs: "list[RunConfig]", out: Path, quiet: bool) -> None:
    """Measure what is missing, and print the summary."""
    from neurontui.tui.cli.extras import needs_compute

    with needs_compute():
        from neurontui.compute.run import run
    from neurontui.tui.cli.demo_summary import print_summary
    from neurontui.tui.cli.progress_bar import ProgressBar
    from neurontui.tui.cli.signals import resumable

    began = time.monotonic()
    progress = ProgressBar(quiet=quiet)
    with resumable():
        for config in configs:
            run(config, progress)
    progress.say(f"measured in {time.monotonic() - began:.0f} s; results in {out}")
    print_summary(out)


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
