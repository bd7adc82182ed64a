"""The options of `neurontui run`, made from the fields of RunConfig: a new field needs no change here."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
import cloup

from neurontui.compute.config import field_types
from neurontui.compute.setting import GROUPS, Setting, bare_type, option, setting_of
from neurontui.tui.cli.option_types import NumberList, WordList
from neurontui.tui.cli.tab_completion import tasks

Command = Callable[..., Any]

GROUP = {name: cloup.OptionGroup(name) for name in GROUPS}
COMPLETION = {"task": tasks}
AFTER: Mapping[str, cloup.Option] = {
    "ablate": cloup.Option(
        ["--ablate-sql"],
        group=GROUP["Ablation"],
        metavar="SQL",
        help="Ablate the neurons that this query on RESULTS selects: layer, neuron, and optionally language.",
    ),
    "force": cloup.Option(
        ["--quiet"], group=GROUP["Output"], is_flag=True, help="Print neither progress nor messages, only errors."
    ),
    "seed": cloup.Option(
        ["--dry-run"],
        group=GROUP["Output"],
        is_flag=True,
        help="Print the prompts and what the run requires; measure nothing.",
    ),
}
"""Options that are not fields, and the field that each follows."""


def options() -> list[cloup.Option]:
    """An option for each field of RunConfig, by group, and those of AFTER; None where an option is not given."""
    made: list[cloup.Option] = []
    for name, kind in field_types().items():
        setting = setting_of(kind)
        assert setting is not None  # field_types has only such fields
        made += [_option(name, bare_type(kind), setting), *([AFTER[name]] if name in AFTER else [])]
    return made


def _option(name: str, kind: Any, setting: Setting) -> cloup.Option:
    flag = kind is bool
    declaration = f"{option(name)}/--{setting.off}" if setting.off else option(name)
    return cloup.Option(
        [declaration],
        group=GROUP[setting.group],
        help=setting.help,
        metavar=setting.metavar,
        default=None,
        is_flag=flag,
        type=None if flag else _click_type(kind, setting),
        shell_complete=COMPLETION.get(name),
    )


def _click_type(kind: Any, setting: Setting) -> Any:
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind))
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return NumberList(item) if item in (int, float) else WordList()
    if kind is Path:
        return click.Path(path_type=Path)
    if kind is int and (setting.low is not None or setting.high is not None):
        return click.IntRange(setting.low, setting.high)
    return kind
