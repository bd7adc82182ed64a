"""`neurontui check`: what is wrong with a task file, by line and field."""

from pathlib import Path

import click


@click.command("check", short_help="Say what is wrong with a task file.")
@click.argument("taskfile", type=click.Path(path_type=Path, readable=False), metavar="TASKFILE")
@click.pass_context
def command(context: click.Context, taskfile: Path) -> None:
    """Check TASKFILE (JSON Lines, one example a line) and print every problem with its line and field.

    Then print warnings, which do not stop a run: prompts that end in white space, that are the same text in two
    languages, or that have no letter of their language's script.

    Exit code 0: nothing wrong, or warnings alone; 3: problems. Both are printed one a line on stdout.
    """
    from neurontui.compute.tasks.prompt_checks import text_warnings
    from neurontui.compute.tasks.taskfile import check_task_file, sound_prompts
    from neurontui.store.errors import ExitCode
    from neurontui.tui.clean import clean

    problems = check_task_file(taskfile)
    for problem in problems:
        click.echo(clean(f"{taskfile}:{problem.line}: {problem.field}: {problem.message}"))
    warnings = text_warnings(sound_prompts(taskfile))
    for warning in warnings:
        click.echo(clean(f"{taskfile}: warning: {warning}"))
    if problems:
        click.echo(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}", err=True)
        context.exit(ExitCode.INPUT)
    verdict = (
        f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}"
        if warnings
        else "nothing wrong"
    )
    click.echo(f"{taskfile}: {verdict}", err=True)
