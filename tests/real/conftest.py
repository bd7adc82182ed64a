"""Real weights and real prompts in ten languages. `make real-tests` runs these tests; `make test` does not.

Weights are those of `demo --real` and `python -m tests.findings install`, or the folders or GGUF files in the folder
NEURONTUI_REAL. Without them, every test is skipped with that reason.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from neurontui.compute.batch import Batch, unplanned
from neurontui.compute.demo import LANGUAGES, demo_task
from neurontui.compute.models.load.load import ModelOptions, load_model
from neurontui.compute.models.loaded_model import LoadedModel
from neurontui.compute.real.weights import ALL
from neurontui.compute.tasks.example import TaskOptions
from neurontui.compute.tasks.registry import load_task

EXAMPLES = {"gemma": {"fact": 4, "ke-en-all": 3, "xnli": 3}, "smollm2": {"fact": 1, "ke-en-all": 1}}
"""Examples of each task, in ten languages each: 100 prompts for Gemma. SmolLM2 reads 20, because its tokenizer is made
for English and needs many more tokens for the other languages."""


@dataclass(frozen=True)
class Pretrained:
    """One model of `ALL`, loaded."""

    name: str
    path: Path
    loaded: LoadedModel
    batch: Batch
    """The examples of EXAMPLES, in ten languages."""

    @property
    def prompts(self) -> list[str]:
        """All prompts, in the order of the batch."""
        return self.batch.prompts


def path_of(name: str) -> Path | None:
    """A folder or GGUF file of the weights, or None."""
    weights = ALL[name]
    folder = os.environ.get("NEURONTUI_REAL")
    places = [Path(folder) / name, Path(folder) / weights.file] if folder else [weights.path]
    return next((place for place in places if place.exists()), None)


@pytest.fixture(scope="session", params=ALL)
def pretrained(request: pytest.FixtureRequest) -> Pretrained:
    """Each model once per session; few threads, because their number changes rounding."""
    path = path_of(request.param)
    if path is None:
        pytest.skip(
            f"REAL WEIGHTS NOT TESTED: {ALL[request.param].name} is not installed; run `python -m tests.findings "
            "install`, or set NEURONTUI_REAL to a folder with it"
        )
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    return Pretrained(request.param, path, load_model(ModelOptions(str(path), device="cpu")), _batch(request.param))


def _batch(name: str) -> Batch:
    """The first examples of the built-in facts."""
    examples = [
        example
        for task, n in EXAMPLES[name].items()
        for example in load_task(str(demo_task(task)), TaskOptions(limit=n)).examples
    ]
    return unplanned(examples, LANGUAGES)
