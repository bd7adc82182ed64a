"""docs/reproduce.md: what the runs of docs/paper.toml need, worked out from what was measured and what is assumed."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

from neurontui.compute.config import RunConfig
from neurontui.compute.run_list import read_paper_file

ROOT = Path(__file__).parents[2]
FILE_BYTES, JOURNAL_BYTES, MERGED = 1.76, 2.09, 11.9e6
"""Measured by `python -m tests.benchmarks.store_scale` on 2.46e9 masks: bytes a mask; masks a second through the merge."""
TOKEN_BYTES, RATE = 4, 125e12
"""Assumed: UTF-8 bytes a token; operations a second of an A100 in bfloat16 at two fifths of its peak."""
EXAMPLES = {"xnli": (5010, 9, 318), "fact": (972, 10, 40), "ke-en-all": (743, 10, 149), "ke-all-en": (743, 10, 154)}  # fmt: skip
"""Counted in the data: examples, languages, and UTF-8 bytes a prompt."""
SHAPES = {
    "bigscience/bloomz-560m": (24, 4096, 0.56),
    "bigscience/bloomz-1b1": (24, 6144, 1.07),
    "bigscience/bloomz-3b": (30, 10240, 3.0),
    "bigscience/bloomz-7b1": (30, 16384, 7.07),
    "bigscience/bloom-7b1": (30, 16384, 7.07),
    "meta-llama/Llama-2-7b-chat-hf": (32, 11008, 6.74),
    "facebook/xglm-7.5B": (32, 16384, 7.49),
    "bigscience/mt0-xl": (48, 5120, 3.74),
}
"""From the models' configurations: FFN layers, neurons a layer, and parameters in billions."""


@dataclass(frozen=True)
class Need:
    """What one run needs."""

    masks: float
    seconds: float


def need(run: RunConfig) -> Need:
    """Masks of a run, and the time that its forwards take at the assumed rate."""
    layers, neurons, billions = SHAPES[run.model]
    examples, languages, size = EXAMPLES[run.task]
    tokens = examples * languages * size / TOKEN_BYTES * (1 + run.shots)
    forwards = 2 + conditions(run) * ("ablation" in run.measures)
    return Need(examples * layers * neurons, forwards * tokens * 2e9 * billions / RATE)


def conditions(run: RunConfig) -> int:
    """Conditions of an ablation beside its baseline: four types, three controls, random sets, pairs of doses."""
    random = len(run.ablation_fractions) * run.ablation_seeds
    return 4 + 3 + random + 4 * 2 * len(run.ablation_doses)


def needs_table() -> Iterator[str]:
    """A row a model: its runs, and what they need together."""
    entries = read_paper_file(ROOT / "docs" / "paper.toml", get_type_hints(RunConfig))
    runs = [RunConfig(**entry) for entry in entries]  # type: ignore[arg-type]
    yield "| model | runs | weights | results | while merging | merge | GPU |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for model in dict.fromkeys(run.model for run in runs):
        own = [need(run) for run in runs if run.model == model]
        masks = sum(each.masks for each in own)
        most = max(each.masks for each in own)
        yield (
            f"| `{model}` | {len(own)} | {2 * SHAPES[model][2]:.1f} GB | {masks * FILE_BYTES / 1e9:.1f} GB | "
            f"+ {most * JOURNAL_BYTES / 1e9:.1f} GB | {_time(masks / MERGED)} | {_time(sum(e.seconds for e in own))} |"
        )


def reproduce_page() -> str:
    """docs/reproduce.md."""
    return "\n".join(
        [
            "# Reproduce the paper",
            "",
            "<!-- Made by `python -m tests.docs` from tests/docs/reproduce.py and docs/paper.toml; edit there. -->",
            "",
            "[paper.toml](paper.toml) names every model and setting of the paper's figures and tables. Three commands:",
            "",
            "```sh",
            "neurontui run docs/paper.toml --dry-run",
            "neurontui run docs/paper.toml",
            "neurontui report paper.duckdb --out report.html",
            "```",
            "",
            "The first shows the prompts, counts tokens, and says what disk and memory lack. The second can be killed and given",
            "again: it goes on from its last batch. The report puts the published numbers beside the run's own. XNLI is",
            "downloaded; the file says where the facts and the edits come from and where to put them. Several GPUs measure into",
            "one results file when each is given runs of its own.",
            "",
            "## Hardware",
            "",
            "One GPU that holds the weights in 16 bits and a few GB beside them: 24 GB for the models of 7 billion parameters,",
            "8 GB for the small ones; `--device-map` spreads a larger one. A disk with room for the results and the largest",
            "run's journal. Reading the results takes a laptop.",
            "",
            "## Time and disk",
            "",
            *needs_table(),
            "",
            *(textwrap.fill(each, 118) for each in _grounds()),
            "",
        ]
    )


def _grounds() -> Iterator[str]:
    """What the table rests on, a paragraph each."""
    yield (
        "**Measured** on two CPU cores, by `python -m tests.benchmarks.store_scale` on a synthetic run of 2.46 billion masks: "
        f"{FILE_BYTES} bytes a mask in the results with all tables, {JOURNAL_BYTES} in the journal that goes when its run is merged, "
        f"{MERGED / 1e6:g} million masks a second through the merge. **Counted** in the data: {_counted()}."
    )
    yield ""
    yield (
        "**Computed, not measured**, for none of these models was run on a GPU by us: the time on the GPU. It is 2 × parameters × "
        "tokens a forward pass, two passes to measure, and one more for each of the "
        f"{conditions(RunConfig('', 'xnli', Path()))} conditions of an ablation, at {TOKEN_BYTES} bytes a token and "
        f"{RATE / 1e12:g} TFLOP/s, two fifths of what an A100 is named at in bfloat16. Generated answers come on top, and languages "
        "that a tokenizer cuts small take more tokens. `--ablation-examples 500` makes an ablation shorter, and `--limit 100` "
        "tries a run first."
    )


def _counted() -> str:
    return ", ".join(
        f"{examples:,} examples of `{task}` in {languages} languages, {size} bytes a prompt"
        for task, (examples, languages, size) in EXAMPLES.items()
    )


def _time(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{max(seconds / 60, 1):.0f} min"
