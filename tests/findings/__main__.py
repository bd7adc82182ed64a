"""`python -m tests.findings`: the runs of docs/findings.md, and its tables.

install [--accept]   install both models, after their terms are accepted
commands             print each run as a shell line, with its time
texts                write the texts of the corpus, which are premises of XNLI
run [NAME …]         measure missing runs one after another; all, or those with these names
table NAME           print one table from the results files
write                update the commands and tables of docs/findings.md
picture              take docs/findings.svg, the first screen with Gemma's runs
check                compare the page with the results files; fails if they differ
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path

from neurontui.compute.progress import Progress
from neurontui.compute.real.weights import ALL
from neurontui.compute.run import run as measure
from neurontui.store.errors import NeurontuiError
from neurontui.tui.cli.accepted_weights import accepted_weights
from neurontui.tui.cli.progress_bar import ProgressBar
from tests.docs.pictures import take
from tests.findings.page import PAGE, commands_text, refreshed, table_texts
from tests.findings.runs import CORPUS, INTERVENTIONS, RUNS
from tests.findings.tables import TABLES
from tests.findings.texts import write_texts


def main() -> None:
    options = _parser().parse_args()
    try:
        _do(options)
    except NeurontuiError as error:
        sys.exit(f"python -m tests.findings: {error}")


def _do(options: argparse.Namespace) -> None:
    if options.what == "install":
        for weights in ALL.values():
            accepted_weights(weights, accept=options.accept)
        print("\n".join(f'export {name.upper()}="{weights.path}"' for name, weights in ALL.items()))
    elif options.what == "commands":
        print(commands_text(), end="")
    elif options.what == "run":
        _measure(options.folder, options.names)
    elif options.what == "texts":
        print("\n".join(map(str, write_texts(_data(), options.folder))))
    elif options.what == "picture":
        asyncio.run(take(options.folder / "gemma.duckdb", PAGE.parent, {PAGE.stem: "0"}, run=1, size=(110, 34)))
    elif options.what == "table":
        print(table_texts(options.folder, [options.name])[options.name])
    else:
        _page(options.folder, write=options.what == "write")


def _measure(folder: Path, names: list[str]) -> None:
    runs = (*RUNS, *INTERVENTIONS, *CORPUS)
    if unknown := sorted(set(names) - {run.name for run in runs}):
        sys.exit(f"There is no run {unknown[0]!r}; the runs are {', '.join(dict.fromkeys(run.name for run in runs))}.")
    models = {name: str(weights.path) for name, weights in ALL.items()}
    progress: Progress = ProgressBar()
    for run in runs:
        if not names or run.name in names:
            began = time.monotonic()
            measure(run.config(folder, _data(), models), progress)
            progress.say(f"{run.model} · {run.name}: {time.monotonic() - began:.0f} s")


def _data() -> Path:
    """The folder of the tasks' data."""
    return Path(
        os.environ.get("NEURONTUI_DATA") or sys.exit("Set NEURONTUI_DATA to the folder of XNLI, mParaRel, MzsRE.")
    )


def _page(folder: Path, *, write: bool) -> None:
    before = PAGE.read_text("utf-8")
    after = refreshed(before, table_texts(folder))
    if write:
        PAGE.write_text(after, "utf-8")
        print(PAGE)
    elif before != after:
        sys.exit(f"{PAGE} differs from the results files: run `python -m tests.findings write`.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.findings", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=Path(), help="where gemma.duckdb and smollm2.duckdb are")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("install").add_argument("--accept", action="store_true")
    what.add_parser("run").add_argument("names", nargs="*", metavar="NAME")
    what.add_parser("table").add_argument("name", choices=TABLES)
    for name in ("texts", "commands", "write", "picture", "check"):
        what.add_parser(name)
    return parser


if __name__ == "__main__":
    main()
