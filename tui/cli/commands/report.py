"""`neurontui report`: all figures and tables as HTML or Markdown."""

import sys
from pathlib import Path

import click

from neurontui.tui.cli.messages import say


@click.command("report", short_help="Write all figures and tables, with the published numbers.")
@click.argument(
    "results",
    type=click.Path(path_type=Path, readable=False),
    nargs=-1,
    required=True,
    metavar="RESULTS…",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="report.html or report.md; default: Markdown on stdout.",
)  # fmt: skip
@click.option(
    "--run", "names", multiple=True, metavar="R",
    help="Number, name or key of a run; repeat for several runs; default: all.",
)  # fmt: skip
def command(results: tuple[Path, ...], out: Path | None, names: tuple[str, ...]) -> None:
    """Write every figure and table of the paper for the runs in RESULTS.

    An HTML report is one file with all figures; it requires matplotlib
    (pip install 'neurontui[report]'). A Markdown report has its figures as SVG files in a folder
    beside it; on stdout, and without matplotlib, it has tables instead of figures.
    """
    from neurontui.queries.results import open_results
    from neurontui.tui.report import markdown, write
    from neurontui.tui.report.build import build, chosen

    target = None if out is None or str(out) == "-" else out
    write.check(target)

    def notify(sentence: str) -> None:
        say(f"neurontui: {sentence}")

    with open_results(*results) as opened:
        report = build(opened, chosen(opened, names), notify if target else lambda _: None)
    if target is None:
        sys.stdout.buffer.write(markdown.render(report).encode("utf-8", "replace"))
    else:
        write.write(report, target, notify)
        notify(f"report written to {target}")
