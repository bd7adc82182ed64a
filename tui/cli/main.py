"""The command `neurontui`: imports the subcommand that is called, and turns errors into one sentence and an exit code.

A subcommand is a file in `commands/` that imports only click at its top, so that `--help` and Tab completion are
fast and never import torch.
"""

import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import TextIO

import click

from neurontui.store.errors import ExitCode, NeurontuiError
from neurontui.store.versions import version_of

COMMANDS = (
    "demo", "run", "open", "query", "sql", "info", "report", "export", "merge", "remove", "sets",
    "tasks", "check", "completion",
)  # fmt: skip

READING = {"open", "query", "sql", "info", "report", "export"}
"""Commands that read results files only, from people who wait for them."""


class CommandFiles(click.Group):
    """A group of commands, one file each, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"neurontui.tui.cli.commands.{cmd_name}")
        command: click.Command = module.command
        return command


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(f"neurontui {version_of('neurontui')}")
        ctx.exit()


@click.command(
    cls=CommandFiles,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 success, 1 internal error, 2 usage, 3 input, 4 results file, 5 model, 6 measurement, "
    "7 busy, 8 query, 9 missing dependency, 130 interrupted, 141 output closed by its reader (head, less).",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Print the version.",
)  # fmt: skip
def cli() -> None:
    """Find the FFN neurons of a multilingual language model that are active in each language, and those that matter.

    Results go to stdout; progress and messages go to stderr.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a documented exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # for terminals without UTF-8
    if READING & set((sys.argv[1:] if arguments is None else arguments)[:1]):
        sys.meta_path.insert(0, _WithoutPandas())
    sys.exit(run(arguments))


class _WithoutPandas(MetaPathFinder):
    """Hides pandas: pyarrow imports it for the first value that it converts, a fifth of a second for nothing."""

    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError("commands that read results files work without pandas", name=fullname)


def _open_closed_streams() -> None:
    """Open closed streams on the null device, so that no other file becomes stdin, stdout or stderr."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; an error is one sentence on stderr."""
    from neurontui.tui.cli.signals import stoppable_queries

    with stoppable_queries() as stopped:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        except NeurontuiError as error:
            if stopped.is_set():  # a stopped query raises an error of its own
                return _fail("interrupted", ExitCode.INTERRUPTED)
            return _fail(str(error), error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            return _fail("interrupted", ExitCode.INTERRUPTED)
        except Exception as error:
            return _unexpected(error)


def _run(arguments: list[str]) -> int:
    try:
        result = cli.main(arguments, prog_name="neurontui", standalone_mode=False, obj=arguments)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        return _usage_error(error)
    except (BrokenPipeError, SystemExit):  # click calls sys.exit when a pipe is broken
        _discard(sys.stdout)
        _discard(sys.stderr)
        return ExitCode.READER_GONE
    return result if isinstance(result, int) else ExitCode.OK


def _unexpected(error: Exception) -> int:
    from neurontui.store.os_errors import no_room
    from neurontui.tui.cli.signals import interrupted

    if interrupted(error):
        return _fail("interrupted", ExitCode.INTERRUPTED)
    if isinstance(error, OSError) and no_room(error):
        _discard(sys.stdout)  # flushing the rest at exit would fail again
        return _fail("the disk is full; free some space and try again", ExitCode.INPUT)
    if isinstance(error, OSError) and error.filename is not None:
        what = f"cannot access {error.filename}: {error.strerror}"
        return _fail(f"{what}; check that its folder exists and that you may read it", ExitCode.INPUT)
    if isinstance(error, MemoryError):
        return _fail("out of memory; select fewer rows or measure smaller batches", ExitCode.MEASURE)
    if os.environ.get("NEURONTUI_DEBUG"):
        raise error
    return _fail(
        f"internal error ({type(error).__name__}: {error}); "
        "rerun the command with NEURONTUI_DEBUG=1 and report its output",
        ExitCode.INTERNAL,
    )


def _discard(stream: TextIO) -> None:
    """Discard unwritten output."""
    with suppress(OSError):  # a test's stream has no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _fail(sentence: str, code: ExitCode) -> int:
    from neurontui.tui.common.sanitize import clean  # a file name may contain escape sequences

    _say(clean(f"neurontui: {sentence}"))
    return code


def _say(text: str) -> None:
    """Print to stderr; if that is closed or full, only the exit code remains."""
    try:
        click.echo(text, err=True)
    except OSError:
        _discard(sys.stderr)


def _usage_error(error: click.ClickException) -> int:
    from neurontui.tui.common.sanitize import clean_lines

    if isinstance(error, click.UsageError) and error.ctx is not None:
        _say(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n")
    _say(clean_lines(f"Error: {error.format_message()}"))
    return ExitCode.USAGE
