"""The runs of `neurontui demo --real`: the paper's four settings with all measures, at two sizes.

Without data, the tasks are the built-in facts; with data, those of the paper. Times are estimates for two CPU cores,
from the CPU seconds per example that were measured with Gemma 3 270M and the built-in facts.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from neurontui.compute.command_line import command_line
from neurontui.compute.config import RunConfig
from neurontui.compute.demo import demo_task

Measures = tuple[Literal["types", "contribution", "attribution", "ablation"], ...]

CONVERSION_MINUTES, CONVERSION_MEGABYTES = 1.5, 1_100


@dataclass(frozen=True)
class PlannedAblation:
    """The options of an ablation."""

    ablation_examples: int
    ablation_fractions: tuple[float, ...]
    ablation_doses: tuple[float, ...]
    ablation_seeds: int


@dataclass(frozen=True)
class PlannedRun:
    """One run, in ten languages."""

    task: str
    examples: int
    minutes: float
    megabytes: int
    """In the results file."""
    measures: Measures = ("types", "attribution")
    shots: int = 0
    thresholds: tuple[float, ...] = (0.0,)
    max_new_tokens: int = 8
    ablation: PlannedAblation | None = None


_THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
_ALL: Measures = ("types", "attribution", "ablation")

FULL = (
    PlannedRun("fact", 120, 2.5, 150),
    PlannedRun("ke-all-en", 60, 2.0, 100),
    PlannedRun("xnli", 60, 2.0, 100, thresholds=_THRESHOLDS, max_new_tokens=3),
    PlannedRun("ke-en-all", 30, 2.0, 15, measures=("types",), shots=2),
    PlannedRun("ke-en-all", 60, 11.0, 100, measures=_ALL, ablation=PlannedAblation(20, (0.05, 0.25), (0.05,), 3)),
)
QUICK = (
    PlannedRun("fact", 12, 0.6, 36),
    PlannedRun("ke-all-en", 8, 0.6, 29),
    PlannedRun("xnli", 8, 0.6, 30, thresholds=_THRESHOLDS, max_new_tokens=3),
    PlannedRun("ke-en-all", 4, 0.4, 7, measures=("types",), shots=2),
    PlannedRun("ke-en-all", 12, 2.0, 36, measures=_ALL, ablation=PlannedAblation(4, (0.05,), (0.05,), 1)),
)


def planned(*, quick: bool) -> tuple[PlannedRun, ...]:
    """The runs in their order; the last has an ablation and is the one whose findings are printed."""
    return QUICK if quick else FULL


def config_of(run: PlannedRun, model: Path, out: Path, data: Path | None) -> RunConfig:
    """The options of a run; `data`: folder with the files of XNLI, mParaRel and MzsRE, or None for the built-in facts.

    Raises UsageError for invalid options.
    """
    return RunConfig(
        model=str(model),
        task=str(demo_task(run.task)) if data is None else run.task,
        data=data,
        out=out,
        limit=run.examples,
        shots=run.shots,
        measures=run.measures,
        thresholds=run.thresholds,
        max_new_tokens=run.max_new_tokens,
        device="cpu",
        **({} if run.ablation is None else asdict(run.ablation)),
    )


def plan_text(runs: tuple[PlannedRun, ...], configs: list[RunConfig]) -> str:
    """Each run as a shell line, with its time and size, and the totals."""
    lines = [
        f"# Convert the weights once: {CONVERSION_MINUTES:.1f} min, {CONVERSION_MEGABYTES:,} MB in the cache",
    ]
    for run, config in zip(runs, configs, strict=True):
        lines += [f"# {run.minutes:.1f} min, {run.megabytes} MB of results", command_line(config)]
    minutes, megabytes = CONVERSION_MINUTES + sum(run.minutes for run in runs), sum(run.megabytes for run in runs)
    lines.append(f"# Together {minutes:.0f} min and {megabytes} MB of results, estimated for two CPU cores")
    return "\n".join(lines)
