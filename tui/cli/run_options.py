"""The options of `neurontui run`; each carries the name of the field of RunConfig that it fills."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

from neurontui.tui.cli.tab_completion import tasks

Command = Callable[..., Any]


class NumberList(click.ParamType[tuple[float, ...]]):
    """Numbers with commas in between."""

    name = "numbers"

    def __init__(self, kind: type[int] | type[float]) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(self.kind(each) for each in value.split(",") if each.strip())
        except ValueError:
            self.fail(f"'{value}' is not a list of numbers such as 0,1,2", param, ctx)


class WordList(click.ParamType[tuple[str, ...]]):
    """Words with commas in between."""

    name = "words"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(each.strip() for each in value.split(",") if each.strip())


_PATH = click.Path(path_type=Path)

OPTIONS = (
    click.option("--model", metavar="M", help="Hub id or local folder."),
    click.option("--task", metavar="T", shell_complete=tasks, help="xnli, fact, ke-en-all, ke-all-en, or a task file (.jsonl, .json, .csv, .tsv)."),
    click.option("--out", type=_PATH, metavar="RESULTS", help="Results file; made where it is not there."),
    click.option("--data", type=_PATH, metavar="PATH", help="Folder or file with the task's data; otherwise downloaded."),
    click.option("--languages", type=WordList(), metavar="EN,DE,…", help="Languages, in the order of the bits, as de or deu_Latn; default: all the task has."),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N examples."),
    click.option("--measures", type=WordList(), metavar="LIST", help="types, contribution, attribution, ablation; default: types."),
    click.option("--shots", type=click.IntRange(0, 64), help="Demonstrations in front of each prompt."),
    click.option("--native-wrapper/--english-wrapper", default=None, help="Instructions in the prompt's language; default: English, as in the paper."),
    click.option("--thresholds", type=NumberList(float), metavar="0,0.1,…", help="Active means greater than this; the first one defines the types."),
    click.option("--bos", type=click.Choice(["keep", "add"]), help="Where a prompt's BOS is missing or doubled: keep it so, or add so that there is exactly one; default: refuse."),
    click.option("--activation", type=click.Choice(["gate", "product"]), help="A of a gated FFN: act(gate), or act(gate)·up."),
    click.option("--encoder-token", type=click.Choice(["last", "before-eos"]), help="Where an encoder is read."),
    click.option("--every-token/--last-token-only", default=None, help="Also count activity at every prompt token; default: yes."),
    click.option("--weight", type=click.Choice(["product", "gate"]), help="What weighs the value vectors in the scores."),
    click.option("--answer-embedding", type=click.Choice(["output", "input"]), help="Whose row is E_r of the effective score; default: output."),
    click.option("--answer-token", type=click.Choice(["first", "mean", "telling"]), help="Answers of several tokens: the first, the mean, or the first that no other answer shares."),
    click.option("--centred", is_flag=True, default=None, help="E_r less the mean of all rows."),
    click.option("--contrast", is_flag=True, default=None, help="E_r less that of the other choices."),
    click.option("--final-norm", is_flag=True, default=None, help="Fold the final norm into E_r."),
    click.option("--neuron-scores/--no-neuron-scores", default=None, help="Sum scores of each neuron by language; default: yes. Much to write for large models."),
    click.option("--top", type=click.IntRange(1, 1000), help="Top neurons kept, an example, language and layer; default: 10."),
    click.option("--ablation-scope", type=click.Choice(["all", "last"]), help="Switch off at all positions, or at the last prompt token and generated ones."),
    click.option("--ablation-set", type=click.Choice(["example", "global"]), help="Each example's own neurons of a type, or one set by majority."),
    click.option("--ablation-layers", type=NumberList(int), metavar="0,1,…", help="Only these layers."),
    click.option("--ablation-fractions", type=NumberList(float), metavar="0.05,…", help="Shares of neurons for the random conditions."),
    click.option("--ablation-doses", type=NumberList(float), metavar="0.01,…", help="Equal shares of a type and of its control, where the control is too small to match it."),
    click.option("--ablation-seeds", type=click.IntRange(1, 100), help="Seeds of each random condition; default: 3."),
    click.option("--ablation-examples", type=click.IntRange(min=1), metavar="N", help="Ablate only the first N examples."),
    click.option("--ablate", type=_PATH, metavar="FILE.csv", help="Switch off your own neurons: columns layer, neuron, and language where sets differ by it."),
    click.option("--ablate-sql", metavar="SQL", help="Switch off the neurons that this query over RESULTS selects: layer, neuron, and by choice language."),
    click.option("--ablation-value", type=click.Choice(["0", "mean"]), help="What their activation is set to; default: 0."),
    click.option("--revision", help="Commit, tag or branch of the model on the hub."),
    click.option("--dtype", type=click.Choice(["float32", "bfloat16", "float16"]), help="Precision; default: float32 on CPU, the model's own on a GPU."),
    click.option("--device", metavar="cuda|cpu", help="Default: the GPU where there is one."),
    click.option("--device-map", is_flag=True, default=None, help="Spread a model that is larger than one GPU."),
    click.option("--allow-bin", is_flag=True, default=None, help="Accept pickled weights (weights only) where there are no safetensors."),
    click.option("--allow-links", is_flag=True, default=None, help="Follow links that lead out of the model's folder, as a store on another disk has them; only for folders that you trust."),
    click.option("--batch-tokens", type=click.IntRange(min=1), metavar="N", help="Tokens in one forward pass; halved when memory runs out."),
    click.option("--batch-examples", type=click.IntRange(1, 4096), metavar="N", help="Examples in one batch of the journal, which is what a kill loses; default: 128 to 512, or what takes about five minutes."),
    click.option("--examples-at-once", type=click.IntRange(1, 4096), metavar="N", help="Examples whose activations are in memory together; default: 32."),
    click.option("--engine", type=click.Choice(["local", "ray"]), help="local: this process; ray: workers on several GPUs or machines. Default: local."),
    click.option("--address", metavar="HOST:PORT", help="Of a Ray cluster, or auto; default: Ray workers on this machine alone."),
    click.option("--workers", type=click.IntRange(1, 4096), metavar="N", help="Ray workers; default: one a GPU, or without GPUs one a machine."),
    click.option("--gpus-a-worker", type=click.IntRange(1, 64), metavar="N", help="GPUs of each Ray worker, for --device-map; default: 1."),
    click.option("--max-new-tokens", type=click.IntRange(1, 512), help="Tokens generated for an answer; default: 8."),
    click.option("--seed", type=int, help="Seed of every random choice; default: 0."),
    click.option("--name", help="Name of the run; default: model · task."),
    click.option("--keep", type=click.Choice(["all", "aggregates"]), help="aggregates leaves out the per-neuron rows."),
    click.option("--skip-bad", is_flag=True, default=None, help="Leave out and count examples that cannot be measured."),
    click.option("--force", is_flag=True, default=None, help="Measure again a run that is already there, and replace it."),
    click.option("--dry-run", is_flag=True, help="Show the prompts and what the run needs; measure nothing."),
)  # fmt: skip


def run_options(command: Command) -> Command:
    """Give a command every option of OPTIONS, in order."""
    return reduce(lambda decorated, option: option(decorated), reversed(OPTIONS), command)
