"""`neurontui sets import` and `export`: files of other programs."""

from pathlib import Path

import click

from neurontui.tui.cli.commands.sets.messages import as_option, force_option, in_words, say_saved
from neurontui.tui.cli.messages import say
from neurontui.tui.cli.option_types import WordList
from neurontui.tui.cli.options import results_argument, run_option

TORCH_FILES = (".pth", ".pt")

languages_option = click.option(
    "--languages", type=WordList(), metavar="EN,ZH,…", help="Languages of a .pth file, in its order."
)


@click.command("import", short_help="Save the neurons of a file.")
@results_argument
@click.argument("file", type=click.Path(path_type=Path, readable=False))
@as_option
@languages_option
@run_option
@force_option
def import_set(
    results: Path, file: Path, name: str, languages: tuple[str, ...] | None, run_name: str | None, force: bool
) -> None:
    """Save the neurons of FILE as a set: .csv or .json with layer, neuron and, optionally, language; or .pth.

    A .pth file is one that LAPE's authors publish, a list over languages of lists over layers. It does not name its
    languages, so --languages is required. Code in the file is not run. The neurons are checked against the model of the
    run.
    """
    from neurontui.queries.results import open_results
    from neurontui.store.neuron_sets.folder import read_neurons
    from neurontui.store.neuron_sets.neuron_set import Description, NeuronSet, require_neurons
    from neurontui.tui.common.neuron_sets import model_of, require_new, save_set

    require_new(results, name, force=force)
    codes = _languages_of(file, languages)
    with open_results(results) as opened:
        _, model, layers = model_of(opened, run_name)
    if codes is None:
        neurons = read_neurons(file)
    else:
        from neurontui.tui.cli.extras import needs_compute

        with needs_compute():
            from neurontui.compute.neuron_sets.lape_file import read_lape_file
        neurons = read_lape_file(file, codes, layers)
    require_neurons(str(file), neurons, layers)
    described = Description(f"file {file.name}", model=model, layers=layers)
    say_saved(save_set(results, NeuronSet(name, neurons, described), force=force))


@click.command("export", short_help="Write a set to a file.")
@results_argument
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@languages_option
def export(results: Path, name: str, file: Path, languages: tuple[str, ...] | None) -> None:
    """Write the set NAME to FILE: .csv, .json or .pth.

    A .pth file has the structure of those that LAPE's authors publish. The order of its languages is printed.
    """
    from neurontui.queries.results import open_results
    from neurontui.store.errors import UsageError
    from neurontui.store.languages.tags import short_code
    from neurontui.store.neuron_sets.folder import read_set
    from neurontui.store.neuron_sets.set_files import csv_text, json_text
    from neurontui.tui.cli.extras import needs_compute
    from neurontui.tui.common.atomic_write import save_whole
    from neurontui.tui.common.neuron_sets import layers_of_sets

    exported, form = read_set(results, name), file.suffix.lower()
    if form in TORCH_FILES:
        codes = tuple(map(short_code, languages)) if languages else exported.languages
        with open_results(results) as opened:
            layers = layers_of_sets(opened, [exported])
        with needs_compute():
            from neurontui.compute.neuron_sets.lape_file import lape_file
        save_whole(file, lape_file(exported, codes, layers))
        say(f"languages, in the order of the file: {','.join(codes)}")
    elif form in (".csv", ".json") and languages is None:
        save_whole(file, (csv_text if form == ".csv" else json_text)(exported.neurons).encode())
    elif languages is not None:
        raise UsageError("--languages is the order of languages in a .pth file; a .csv or .json file names them.")
    else:
        raise UsageError(f"{file} has no known format; use the suffix .csv, .json or .pth.")
    say(f"{in_words(exported)}; written to {file}")


def _languages_of(file: Path, languages: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The short codes of the languages of a .pth file; None for other files. Raises UsageError."""
    from neurontui.store.errors import UsageError
    from neurontui.store.languages.tags import short_code

    if file.suffix.lower() not in TORCH_FILES:
        if languages is not None:
            raise UsageError("--languages names the languages of a .pth file; a .csv or .json file names its own.")
        return None
    if not languages:
        raise UsageError(
            f"{file} does not name its languages; give their codes in the order of the file, such as --languages "
            "en,zh,fr,es,vi,id,ja for the files of LAPE's authors."
        )
    codes = tuple(map(short_code, languages))
    twice = [code for code in codes if codes.count(code) > 1]
    if twice:
        raise UsageError(f"--languages names {twice[0]} twice; give each language once.")
    return codes
