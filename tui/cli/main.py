"""The command `neurontui`: finds a subcommand by its name, and turns failures into one sentence and an exit code.

A subcommand is a file in `commands/` that imports only click at its top, so that `--help` and
Tab completion stay quick, and never import torch.
"""

import io
import os
import sys
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from typing import TextIO

import click

from neurontui.store.errors import ExitCode, NeurontuiError

COMMANDS = (
    "demo", "run", "open", "query", "sql", "info", "report", "export", "merge", "remove", "check",
    "completion",
)  # fmt: skip


class CommandFiles(click.Group):
    """A group whose commands live in one file each and are imported when called."""

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
        click.echo(f"neurontui {version('neurontui')}")
        ctx.exit()


@click.command(
    cls=CommandFiles,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a bug of ours, 2 usage, 3 input, 4 results file, 5 model, 6 measurement, "
    "7 busy, 8 query, 9 a part not installed, 130 interrupted, 141 the reader of the output (head, less) has gone.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Print the version.",
)  # fmt: skip
def cli() -> None:
    """Which FFN neurons of a multilingual language model fire in which languages, and which matter."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with a documented exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no UTF-8
    sys.exit(run(arguments))


def _open_closed_streams() -> None:
    """Streams that were closed lead nowhere: the next file that is opened must not take the place of one."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            if nowhere != number:
                os.dup2(nowhere, number)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; failures are told on stderr in one sentence."""
    from neurontui.tui.cli.signals import stoppable_queries

    with stoppable_queries() as stopped:
        try:
            return _run(sys.argv[1:] if arguments is None else arguments)
        except NeurontuiError as error:
            if stopped.is_set():  # a query that was stopped tells it in its own words
                return _tell("interrupted", ExitCode.INTERRUPTED)
            return _tell(str(error), error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            return _tell("interrupted", ExitCode.INTERRUPTED)
        except Exception as error:
            return _unforeseen(error)


def _run(arguments: list[str]) -> int:
    try:
        result = cli.main(arguments, prog_name="neurontui", standalone_mode=False, obj=arguments)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        _say(error.format_message())
        return ExitCode.USAGE
    except click.ClickException as error:
        return _misused(error)
    except (BrokenPipeError, SystemExit):  # click leaves by sys.exit where a pipe is broken
        _forget(sys.stdout)
        _forget(sys.stderr)
        return ExitCode.READER_GONE
    return result if isinstance(result, int) else ExitCode.OK


def _unforeseen(error: Exception) -> int:
    from neurontui.store.os_errors import no_room
    from neurontui.tui.cli.signals import interrupted

    if interrupted(error):
        return _tell("interrupted", ExitCode.INTERRUPTED)
    if isinstance(error, OSError) and no_room(error):
        _forget(sys.stdout)  # what is still to be written would fail again at exit
        return _tell("the disk is full; make room and try again", ExitCode.INPUT)
    if isinstance(error, OSError) and error.filename is not None:  # wherever a path leads
        what = f"{error.filename} cannot be reached: {error.strerror}"
        return _tell(f"{what}; see that its folder is there and open to you", ExitCode.INPUT)
    if isinstance(error, MemoryError):
        return _tell("memory ran out; ask for less at once", ExitCode.MEASURE)
    if os.environ.get("NEURONTUI_DEBUG"):
        raise error
    return _tell(
        f"this should not have happened ({type(error).__name__}: {error}); "
        "run again with NEURONTUI_DEBUG=1 and report what it prints",
        ExitCode.INTERNAL,
    )


def _forget(stream: TextIO) -> None:
    """Send what is still to be written nowhere."""
    with suppress(OSError):  # a stream of a test has no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _tell(sentence: str, code: ExitCode) -> int:
    from neurontui.tui.common.sanitize import clean  # a file's name may hold what a terminal obeys

    _say(clean(f"neurontui: {sentence}"))
    return code


def _say(text: str) -> None:
    """Onto stderr; where that is closed or full, the exit code has to be enough."""
    try:
        click.echo(text, err=True)
    except OSError:
        _forget(sys.stderr)


def _misused(error: click.ClickException) -> int:
    from neurontui.tui.common.sanitize import clean_lines

    if isinstance(error, click.UsageError) and error.ctx is not None:
        _say(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n")
    _say(clean_lines(f"Error: {error.format_message()}"))
    return ExitCode.USAGE
