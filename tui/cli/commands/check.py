"""`neurontui check`: problems of a task file, or of a mapping and its data, by line and field."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click

from neurontui.tui.cli.messages import say
from neurontui.tui.cli.option_types import WordList


@click.command("check", short_help="Check a task file, or the mapping of a data set.")
@click.argument("taskfile", type=click.Path(path_type=Path, readable=False), metavar="TASKFILE")
@click.option(
    "--data",
    type=click.Path(path_type=Path, readable=False),
    metavar="PATH",
    help="Folder with the data of a mapping; default: the folder of the mapping.",
)
@click.option(
    "--languages",
    type=WordList(),
    metavar="EN,DE,…",
    help="Check only these languages; default: all languages of the file.",
)
@click.pass_context
def command(context: click.Context, taskfile: Path, data: Path | None, languages: tuple[str, ...] | None) -> None:
    """Check TASKFILE (JSON Lines, JSON, CSV or TSV) and print each problem with its line and field.

    A mapping (.toml) is checked with its data. Data on the hub is not downloaded for this: give its folder with --data,
    or only the mapping is checked.

    Warnings follow, which do not stop a run: prompts that end in white space, that are the same text in two
    languages, or that have no letter of their language's script; unknown language codes.

    Problems and warnings go to stdout, one per line. Exit code 0: no problems; 3: problems.
    """
    from neurontui.compute.tasks.registry import MAPPING
    from neurontui.store.errors import ExitCode, UsageError
    from neurontui.tui.common.sanitize import clean

    mapped = taskfile.suffix.lower() == MAPPING
    if data is not None and not mapped:
        raise UsageError("--data is the data of a mapping (.toml); a task file contains its own.")
    problems, warnings = _mapping(taskfile, data, languages) if mapped else _task_file(taskfile, languages)
    for problem in problems:
        click.echo(clean(problem))
    for warning in warnings:
        click.echo(clean(f"{taskfile}: warning: {warning}"))
    if problems:
        say(f"{len(problems)} problem{'s' if len(problems) > 1 else ''}")
        context.exit(ExitCode.INPUT)
    verdict = f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}" if warnings else "no problems"
    say(f"{taskfile}: {verdict}")


def _task_file(path: Path, languages: tuple[str, ...] | None) -> tuple[list[str], list[str]]:
    """Problems and warnings of a task file."""
    from neurontui.compute.tasks.task_file.reader import check_task_file, sound_prompts

    found = check_task_file(path, languages)
    problems = [_problem(path, item.line, item.unit, item.field, item.message) for item in found]
    return problems, _warnings(sound_prompts(path, languages))


def _mapping(path: Path, data: Path | None, languages: tuple[str, ...] | None) -> tuple[list[str], list[str]]:
    """Problems and warnings of a mapping and its data; what was read goes to stderr."""
    from neurontui.compute.tasks.example import TaskOptions
    from neurontui.compute.tasks.mapped.load import check_mapped
    from neurontui.compute.tasks.selection import check_asked

    check_asked(languages)
    faults, examples = check_mapped(path, TaskOptions(data=data, languages=languages))
    problems = [_problem(fault.path, fault.number, fault.unit, fault.field, fault.message) for fault in faults]
    if examples is None:
        if not problems:
            say("the data was not checked, because it is not here; give its folder with --data")
        return problems, []
    for note in examples.notes:
        say(note)
    say(f"{len(examples.examples):,} examples in {', '.join(examples.languages)}")
    return problems, _warnings(example.prompts for example in examples.examples)


def _problem(path: Path, number: int | None, unit: str, field: str, message: str) -> str:
    place = "" if number is None else f"{number}" if unit == "line" else f" {unit} {number}"
    return f"{path}:{place}{':' if place else ''} {field}: {message}"


def _warnings(prompts: Iterable[Mapping[str, str]]) -> list[str]:
    from neurontui.compute.tasks.languages import unknown_language_notes
    from neurontui.compute.tasks.text_checks import text_warnings

    codes: dict[str, None] = {}

    def seen() -> Iterator[Mapping[str, str]]:
        for texts in prompts:
            codes.update(dict.fromkeys(texts))
            yield texts

    warnings = text_warnings(seen())
    return [*warnings, *unknown_language_notes(codes)]
