"""`neurontui check`: what is wrong with a task file, by line and field."""

from pathlib import Path

import click


@click.command("check", short_help="Say what is wrong with a task file.")
@click.argument("taskfile", type=click.Path(path_type=Path, readable=False), metavar="TASKFILE")
@click.pass_context
def command(context: click.Context, taskfile: Path) -> None:
    """Check TASKFILE (JSON Lines, one example a line) and print every problem with its line and field.

    Exit code 0: nothing wrong; 3: problems, one a line on stdout.
    """
    from neurontui.compute.tasks.taskfile import check_task_file
    from neurontui.store.errors import ExitCode
    from neurontui.tui.clean import clean

    problems = check_task_file(taskfile)
    for problem in problems:
        click.echo(clean(f"{taskfile}:{problem.line}: {problem.field}: {problem.message}"))
    if problems:
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}", err=True)
        context.exit(ExitCode.INPUT)
    click.echo(f"{taskfile}: nothing wrong", err=True)
