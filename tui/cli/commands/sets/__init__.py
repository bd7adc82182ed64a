"""`neurontui sets`: named sets of neurons beside a results file."""

import click

from neurontui.tui.cli.commands.sets.exchange import export, import_set
from neurontui.tui.cli.commands.sets.look import list_sets, overlap, show
from neurontui.tui.cli.commands.sets.make import OPERATIONS, remove, save


@click.group(
    "sets",
    commands=[list_sets, show, overlap, save, *OPERATIONS, import_set, export, remove],
    short_help="Save, compare, import and export sets of neurons.",
)
def command() -> None:
    """Named sets of neurons of a results file, each neuron for one language or for all.

    The sets of results.duckdb are CSV files in the folder results.duckdb.sets; the results file itself does not change.
    `neurontui run --ablate NAME` ablates a set, and SQL reads all sets in the table neuron_sets (name, layer, neuron,
    language).
    """
