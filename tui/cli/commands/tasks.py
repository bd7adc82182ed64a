"""`neurontui tasks`: the built-in tasks, and the prompts of one of them."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from neurontui.tui.cli.option_types import WordList
from neurontui.tui.cli.options import format_option
from neurontui.tui.cli.tab_completion import tasks

if TYPE_CHECKING:
    from neurontui.compute.tasks.registry import Task


@click.command("tasks", short_help="List the tasks, or show one of them.")
@click.argument("name", required=False, metavar="[TASK]", shell_complete=tasks)
@click.option(
    "--data",
    type=click.Path(path_type=Path, readable=False),
    metavar="PATH",
    help="Folder or file with the task's data: also show its first example in every language.",
)
@click.option("--languages", type=WordList(), metavar="EN,DE,…", help="Show only these languages of the data.")
@click.option("--toml", is_flag=True, help="Print the mapping of TASK, as a beginning for your own.")
@format_option
def command(name: str | None, data: Path | None, languages: tuple[str, ...] | None, toml: bool, form: str) -> None:
    """List the tasks with the numbers of their languages and examples, and where their data comes from.

    With TASK, show one of them: a task of the list, a task file, or a mapping (.toml). A number of examples is that of
    the published data; --format applies to the list.
    """
    if name is None:
        _list(form)
    elif toml:
        _print_mapping(name)
    else:
        _show(name, data, languages)


def _list(form: str) -> None:
    import pyarrow as pa

    from neurontui.compute.tasks.registry import all_tasks
    from neurontui.tui.cli.output import write

    rows = [
        {
            "task": task.name,
            "languages": len(task.languages) or None,
            "examples": task.examples,
            "description": task.description,
            "data": _place(task),
        }
        for task in all_tasks().values()
    ]
    write(pa.Table.from_pylist(rows), form)


def _place(task: "Task") -> str:
    return "--data PATH" if task.needs_data else task.source.removesuffix(" on the Hugging Face hub")


def _print_mapping(name: str) -> None:
    from neurontui.compute.tasks.mapped.shipped import shipped_mappings
    from neurontui.store.errors import UsageError

    mapping = shipped_mappings().get(name)
    if mapping is None:
        raise UsageError(f"'{name}' has no mapping; these tasks have one: {', '.join(shipped_mappings())}.")
    click.echo(mapping.path.read_text("utf-8"), nl=False)


def _show(name: str, data: Path | None, languages: tuple[str, ...] | None) -> None:
    from neurontui.compute.tasks.example import TaskOptions
    from neurontui.compute.tasks.preview import preview
    from neurontui.compute.tasks.registry import all_tasks, load_task
    from neurontui.tui.common.sanitize import clean_lines

    task = all_tasks().get(name)
    if task is not None:
        examples = "" if task.examples is None else f"{task.examples:,} examples, "
        click.echo(f"{task.name}: {task.description}")
        click.echo(f"{examples}{len(task.languages)} languages: {', '.join(task.languages)}")
        click.echo(f"Data: {task.source}")
        if data is None:
            return
    click.echo(clean_lines(preview(load_task(name, TaskOptions(data=data, languages=languages)))))
