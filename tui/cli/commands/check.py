"""`neurontui check`: problems of a task file, by line and field."""

from collections.abc import Iterator
from pathlib import Path

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.option_types import WordList


@click.command("check", short_help="Check a task file.")
@click.argument("taskfile", type=click.Path(path_type=Path, readable=False), metavar="TASKFILE")
@click.option(
    "--languages",
    type=WordList(),
    metavar="EN,DE,…",
    help="Check only these languages; default: all languages of the file.",
)
@click.pass_context
def command(context: click.Context, taskfile: Path, languages: tuple[str, ...] | None) -> None:
    """Check TASKFILE (JSON Lines, JSON, CSV or TSV) and print each problem with its line and field.

    Warnings follow, which do not stop a run: prompts that end in white space, that are the same text in two
    languages, or that have no letter of their language's script; unknown language codes.

    Problems and warnings go to stdout, one per line. Exit code 0: no problems; 3: problems.
    """
    from neurontui.compute.tasks.task_file.reader import check_task_file
    from neurontui.store.errors import ExitCode
    from neurontui.tui.common.sanitize import clean

    problems = check_task_file(taskfile, languages)
    for problem in problems:
        place = f"{problem.line}" if problem.unit == "line" else f" {problem.unit} {problem.line}"
        click.echo(clean(f"{taskfile}:{place}: {problem.field}: {problem.message}"))
    warnings = _warnings(taskfile, languages)
    for warning in warnings:
        click.echo(clean(f"{taskfile}: warning: {warning}"))
    if problems:
        say(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
        context.exit(ExitCode.INPUT)
    verdict = f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}" if warnings else "no problems"
    say(f"{taskfile}: {verdict}")


def _warnings(taskfile: Path, languages: tuple[str, ...] | None) -> list[str]:
    from neurontui.compute.tasks.languages import unknown_language_notes
    from neurontui.compute.tasks.task_file.reader import sound_prompts
    from neurontui.compute.tasks.text_checks import text_warnings

    codes: dict[str, None] = {}

    def prompts() -> Iterator[dict[str, str]]:
        for texts in sound_prompts(taskfile, languages):
            codes.update(dict.fromkeys(texts))
            yield texts

    warnings = text_warnings(prompts())
    return [*warnings, *unknown_language_notes(codes)]
