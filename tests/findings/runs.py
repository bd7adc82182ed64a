"""The runs of docs/findings.md: the paper's tasks on real weights, and one variant for each possible reason.

Minutes are for two CPU cores without other work. Each run is one shell line; all runs of a model are in one file, and
an interrupted run resumes with the same line.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurontui.compute.command_line import command_line
from neurontui.compute.config import RunConfig
from neurontui.compute.real.weights import ALL
from tests.findings.texts import TEXTS

SEVEN = ("en", "de", "es", "fr", "pt", "tr", "vi")
"""Languages in which Gemma 3 270M solves enough of the task, and most questions contain their subject."""
THRESHOLDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
SCORES = ("types", "attribution")


@dataclass(frozen=True)
class Run:
    """One run of one model."""

    name: str
    model: str
    """gemma, smollm2 or demo."""
    minutes: float
    options: dict[str, Any]
    """Fields of RunConfig."""
    compared_with: str | None = None
    """Name of the run of which this is a variant."""
    tests: str | None = None
    """The possible reason that the variant tests."""
    part: str = ""
    """interventions or corpus: a part of the page with a results file of its own; empty: the paper's experiments."""

    def config(self, folder: Path, data: Path, models: dict[str, str]) -> RunConfig:
        """The options, with results in `folder`. The demo's model and facts are in the checkout."""
        return RunConfig(
            model=models.get(self.model, DEMO_MODEL),
            out=folder / self.file,
            data=self._data(folder, data),
            name=self.name,
            device="cpu",
            **self.options,
        )

    def _data(self, folder: Path, data: Path) -> Path | None:
        if self.model == "demo":
            return None
        return folder / TEXTS if self.part == "corpus" else data

    @property
    def file(self) -> str:
        """Name of the results file."""
        return f"{self.model}-{self.part}.duckdb" if self.part else f"{self.model}.duckdb"

    @property
    def model_name(self) -> str:
        """The model, for tables."""
        return ALL[self.model].name if self.model in ALL else "demo (BLOOM)"


DEMO_MODEL, DEMO_FACTS = "compute/demo/models/bloom", "compute/demo/tasks/fact.jsonl"
FOUR = ("en", "de", "es", "fr")
SELECTED = {
    "measures": ("types", "ablation"),
    "languages": FOUR,
    "ablation_sets": ("lape",),
    "ablation_fractions": (0.01,),
}
VALUES = {**SELECTED, "ablation_value": ("0", "mean", "resample"), "ablation_doses": (0.05,)}
STEERING = {
    **SELECTED, "ablation_types": ("none",), "ablation_value": ("add:1", "add:3"), "ablation_judge": "generated",
    "ablation_prompt_baseline": True,
}  # fmt: skip
GRADIENT = {
    "languages": FOUR, "measures": (*SCORES, "gradient"), "truth_neurons": 16, "truth_examples": 8,
}  # fmt: skip
ABLATION = {
    "ablation_fractions": (0.25,), "ablation_doses": (0.05,), "ablation_seeds": 3,
}  # fmt: skip

RUNS = (
    Run("ke-en-all", "gemma", 5.5, {"task": "ke-en-all", "limit": 200, "measures": SCORES}),
    Run(
        "ke-en-all ablation", "gemma", 15,
        {"task": "ke-en-all", "limit": 60, "languages": SEVEN, "measures": (*SCORES, "ablation"), **ABLATION},
    ),
    Run("fact", "gemma", 3, {"task": "fact", "limit": 216, "measures": SCORES}),
    Run("ke-all-en", "gemma", 2, {"task": "ke-all-en", "limit": 40, "measures": SCORES}),
    Run(
        "xnli", "gemma", 2,
        {"task": "xnli", "limit": 40, "measures": SCORES, "thresholds": THRESHOLDS, "max_new_tokens": 3},
    ),
    Run(
        "fact at subject", "gemma", 1.5, {"task": "fact", "limit": 72, "token": "subject"},
        compared_with="fact", tests="the template's last token",
    ),
    Run(
        "ke-en-all at subject", "gemma", 1.5,
        {"task": "ke-en-all", "limit": 120, "languages": SEVEN, "token": "subject", "skip_bad": True},
        compared_with="ke-en-all", tests="the template's last token",
    ),
    Run(
        "ke-en-all product", "gemma", 1.5,
        {"task": "ke-en-all", "limit": 40, "activation": "product", "measures": SCORES},
        compared_with="ke-en-all", tests="GeGLU: the sign of the gate instead of that of the product",
    ),
    Run(
        "ke-en-all 2 shots", "gemma", 1.5, {"task": "ke-en-all", "limit": 24, "shots": 2, "measures": SCORES},
        compared_with="ke-en-all", tests="a base model, which does not follow instructions",
    ),
    Run("ke-en-all", "smollm2", 1, {"task": "ke-en-all", "limit": 40, "measures": SCORES}),
    Run("fact", "smollm2", 1, {"task": "fact", "limit": 24, "measures": SCORES}),
    Run("ke-all-en", "smollm2", 1, {"task": "ke-all-en", "limit": 20, "measures": SCORES}),
    Run("xnli", "smollm2", 1, {"task": "xnli", "limit": 20, "measures": SCORES, "max_new_tokens": 3}),
)  # fmt: skip

INTERVENTIONS = (
    Run("ke-en-all values", "gemma", 8, {"task": "ke-en-all", "limit": 24, **VALUES}, part="interventions"),
    Run(
        "ke-en-all steering", "gemma", 5, {"task": "ke-en-all", "limit": 24, "ablation_examples": 16, **STEERING},
        part="interventions",
    ),
    Run("ke-en-all gradient", "gemma", 5, {"task": "ke-en-all", "limit": 24, **GRADIENT}, part="interventions"),
    Run("fact values", "demo", 0.5, {"task": DEMO_FACTS, **VALUES}, part="interventions"),
    Run("fact steering", "demo", 0.5, {"task": DEMO_FACTS, **STEERING}, part="interventions"),
    Run("fact gradient", "demo", 0.5, {"task": DEMO_FACTS, **GRADIENT}, part="interventions"),
)  # fmt: skip
"""Interventions with several values, steering, and gradients with exact effects."""

CORPUS = (Run("corpus", "gemma", 3, {"task": "corpus"}, part="corpus"),)
"""Sentences of nine languages, for the detectors of language-specific neurons."""


def shell_lines(runs: tuple[Run, ...]) -> list[str]:
    """One line per run, with the models and the data as shell variables."""
    places = {name: f"${name.upper()}" for name in ALL}
    lines = [command_line(run.config(Path(), Path("$NEURONTUI_DATA"), places)) for run in runs]
    return [_unquoted(line) for line in lines]


def _unquoted(line: str) -> str:
    """Variables in double quotes, so that a shell replaces them."""
    for variable in (*(f"${name.upper()}" for name in ALL), "$NEURONTUI_DATA"):
        line = line.replace(f"'{variable}'", f'"{variable}"')
    return line
