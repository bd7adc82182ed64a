"""`neurontui sets list`, `show` and `overlap`: what the sets are, and what they share."""

from pathlib import Path

import click

from neurontui.tui.cli.commands.sets.messages import in_words
from neurontui.tui.cli.messages import say
from neurontui.tui.cli.options import format_option, results_argument


@click.command("list", short_help="List the sets.")
@results_argument
@format_option
def list_sets(results: Path, form: str) -> None:
    """List the sets of RESULTS with their sizes, languages, model and source."""
    import pyarrow as pa

    from neurontui.store.neuron_sets.folder import set_names
    from neurontui.store.reader import require_file
    from neurontui.tui.cli.output import write

    require_file(results)
    names = set_names(results)
    if not names:
        say(f"{results} has no sets; `neurontui sets save` and `import` make one")
        return
    write(pa.Table.from_pylist([_listed(results, name) for name in names]), form)


@click.command("show", short_help="Print the size of a set by language and layer.")
@results_argument
@click.argument("name")
@format_option
def show(results: Path, name: str, form: str) -> None:
    """Print the number of neurons of the set NAME in each language and layer."""
    from collections import Counter

    import pyarrow as pa

    from neurontui.store.neuron_sets.folder import read_set
    from neurontui.tui.cli.output import write

    shown = read_set(results, name)
    counts = Counter((neuron.language, neuron.layer) for neuron in shown.neurons)
    rows = [
        {"language": language, "layer": layer, "neurons": n}
        for (language, layer), n in sorted(counts.items(), key=lambda item: (item[0][0] or "", item[0][1]))
    ]
    say(f"{in_words(shown)}; source: {shown.description.source}")
    schema = pa.schema([("language", pa.string()), ("layer", pa.int32()), ("neurons", pa.int64())])
    write(pa.Table.from_pylist(rows, schema), form)


@click.command("overlap", short_help="Compare sets in pairs.")
@results_argument
@click.argument("names", nargs=-1, metavar="[NAMES]...")
@format_option
def overlap(results: Path, names: tuple[str, ...], form: str) -> None:
    """Compare sets of RESULTS in pairs; without NAMES, all of them.

    The Jaccard index is the number of shared neurons divided by the number of neurons in either set, in percent. The
    column chance is its mean for random sets of the same sizes among all neurons of the model, chance_in_layers for
    random sets with the same sizes in each layer. The first row of a pair compares neurons without regard to language;
    if both sets have languages, a row for each common language follows.
    """
    from dataclasses import asdict
    from itertools import combinations

    import pyarrow as pa

    from neurontui.queries.results import open_results
    from neurontui.store.errors import UsageError
    from neurontui.store.neuron_sets.folder import read_set, set_names
    from neurontui.store.neuron_sets.overlap import overlaps
    from neurontui.tui.cli.output import write
    from neurontui.tui.common.neuron_sets import layers_of_sets

    sets = [read_set(results, name) for name in dict.fromkeys(names or set_names(results))]
    if len(sets) < 2:
        raise UsageError(f"A comparison requires two sets; `neurontui sets list {results}` lists those of the file.")
    with open_results(results) as opened:
        layers = layers_of_sets(opened, sets)
    rows = [asdict(row) for first, second in combinations(sets, 2) for row in overlaps(first, second, layers)]
    schema = pa.Table.from_pylist(rows).schema.set(2, pa.field("language", pa.string()))
    write(pa.Table.from_pylist(rows, schema), form)


def _listed(results: Path, name: str) -> dict[str, object]:
    from neurontui.store.errors import InputError
    from neurontui.store.neuron_sets.folder import read_set

    row: dict[str, object] = dict.fromkeys(("name", "neurons", "languages", "model", "saved", "source"))
    try:
        neurons = read_set(results, name)
    except InputError as error:  # one file that was edited does not hide the others
        return {**row, "name": name, "source": f"cannot be used: {error}"}
    described = neurons.description
    return {
        "name": name,
        "neurons": len(neurons.places()),
        "languages": ", ".join(neurons.languages) or "all",
        "model": described.model,
        "saved": described.saved,
        "source": described.source,
    }
