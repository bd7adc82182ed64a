"""What several commands of `neurontui sets` share: options, and a set in words."""

from typing import TYPE_CHECKING

import click

from neurontui.tui.cli.messages import say

if TYPE_CHECKING:
    from neurontui.store.neuron_sets.neuron_set import NeuronSet

as_option = click.option("--as", "name", required=True, metavar="NAME", help="Name of the new set.")
force_option = click.option("--force", is_flag=True, help="Replace a set of the same name.")


def say_saved(neurons: "NeuronSet") -> None:
    say(f"{in_words(neurons)}; saved")


def in_words(neurons: "NeuronSet") -> str:
    n = len(neurons.places())
    languages = f" for {', '.join(neurons.languages)}" if neurons.languages else ""
    model = f" of {neurons.description.model}" if neurons.description.model else ""
    return f"set {neurons.name}: {n:,} neuron{'' if n == 1 else 's'}{model}{languages}"
