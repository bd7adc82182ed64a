"""What `--dry-run` says that a run will need, beside what it then needs: journal, results file, memory.

python -m tests.benchmarks.estimates

Each run is one process of its own, so that its peak of memory is its own. Memory is the peak while measuring over what
the process held with its model loaded; the merge has a limit of its own.
"""

import argparse
import gc
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from neurontui.compute import run as runs
from neurontui.compute import run_steps
from neurontui.compute.config import RunConfig
from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.compute.estimate.estimate import estimate
from neurontui.compute.models.load.load import load_model
from neurontui.compute.progress import NullProgress
from neurontui.compute.run_options import model_options, task_options
from neurontui.compute.tasks.registry import load_task
from tests.benchmarks.memory import peak_memory
from tests.compute.tiny import randomise

ALL = ("types", "attribution", "ablation")
CASES: dict[str, dict[str, Any]] = {
    "types": {"measures": ALL[:1]},
    "types, last token only": {"measures": ALL[:1], "every_token": False},
    "types, scores": {"measures": ALL[:2]},
    "types, gradients": {"measures": ("types", "gradient"), "truth_neurons": 2, "truth_examples": 4},
    "types, scores, ablation": {"measures": ALL, "limit": 40},
    "types, scores of few examples": {"measures": ALL[:2], "limit": 12},
}
FEW = ("types", "types, scores")
SIBLINGS = (DEMO_MODEL.parent / "llama", DEMO_MODEL.parent / "mt5")


def needs(case: str, model: Path, task: Path) -> dict[str, tuple[float, float]]:
    """Said and found, in bytes, of one run in this process."""
    with tempfile.TemporaryDirectory() as folder:
        chosen = {"model": str(model), "task": str(task), "out": Path(folder) / "r.duckdb"}
        config = replace(RunConfig(**chosen), **CASES[case])
        data = load_task(config.task, task_options(config))
        loaded = load_model(model_options(config))
        said = estimate(config, data, loaded)
        del loaded
        gc.collect()
        found: dict[str, int] = {}
        watching = [
            mock.patch.object(run_steps, "merge", partial(_merge, run_steps.merge, found)),
            mock.patch.object(runs, "_measure_missing", partial(_measure, runs._measure_missing, found)),
        ]  # fmt: skip
        with watching[0], watching[1]:
            runs.run(config, NullProgress())
        return {
            "journal": (said.journal, found["journal"]),
            "results": (said.results, config.out.stat().st_size),
            "memory": (said.working, found["memory"]),
        }


def _measure(real: Callable[..., None], found: dict[str, int], *rest: Any) -> None:
    with peak_memory() as peak:
        real(*rest)
    found["memory"] = peak.bytes


def _merge(real: Callable[..., int], found: dict[str, int], path: Path, *rest: Any, **named: Any) -> int:
    found["journal"] = sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return real(path, *rest, **named)


def table() -> Iterator[str]:
    """Markdown, row by row."""
    yield "| model | run | | estimated, MB | measured, MB | estimated ÷ measured |"
    yield "|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        save_wide(Path(folder) / "wide")
        models = {DEMO_MODEL: CASES, **dict.fromkeys(SIBLINGS, FEW), Path(folder) / "wide": FEW}
        for model, cases in models.items():
            for case in cases:
                command = [
                    sys.executable,
                    "-m",
                    __spec__.name,
                    "--case",
                    case,
                    "--model",
                    str(model),
                ]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                yield done.stdout.rstrip()


def save_wide(folder: Path) -> None:
    """A BLOOM of half of BLOOM-560m's depth and its width with random weights, and the demo's tokenizer."""
    config = AutoConfig.from_pretrained(DEMO_MODEL)
    config.update({"hidden_size": 1024, "n_layer": 12, "n_head": 16})
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    randomise(model)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(DEMO_MODEL).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.estimates")
    parser.add_argument("--case", choices=CASES, help="one of them, in this process")
    parser.add_argument("--model", type=Path, default=DEMO_MODEL)
    parser.add_argument("--task", type=Path, default=demo_task("fact"))
    options = parser.parse_args()
    if options.case is None:
        for line in table():
            print(line, flush=True)
        return
    for what, (said, found) in needs(options.case, options.model, options.task).items():
        print(
            f"| {options.model.name} | {options.case} | {what} | "
            f"{said / 1e6:.1f} | {found / 1e6:.1f} | {said / found:.2f} |"
        )


if __name__ == "__main__":
    main()
