"""The command `neurontui`: finds a subcommand by its name, and turns failures into one sentence and an exit code.

A subcommand is a file in `commands/` that imports only click at its top, so that `--help` and
Tab completion stay quick, and never import torch.
"""

import os
import sys
from importlib import import_module
from importlib.metadata import version

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
        module = import_module(f"neurontui.tui.commands.{cmd_name}")
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
    "7 busy, 8 query, 9 a part not installed, 130 interrupted.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Print the version.",
)  # fmt: skip
def cli() -> None:
    """Which FFN neurons of a multilingual language model fire in which languages, and which matter."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave the process with a documented exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; failures are told on stderr in one sentence."""
    try:
        result = cli.main(arguments, prog_name="neurontui", standalone_mode=False)
        sys.stdout.flush()
    except NeurontuiError as error:
        return _tell(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return _tell("interrupted", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: that is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:
        if os.environ.get("NEURONTUI_DEBUG"):
            raise
        return _tell(
            f"this should not have happened ({type(error).__name__}: {error}); "
            "run again with NEURONTUI_DEBUG=1 and report what it prints",
            ExitCode.INTERNAL,
        )
    return result if isinstance(result, int) else ExitCode.OK


def _tell(sentence: str, code: ExitCode) -> int:
    click.echo(f"neurontui: {sentence}", err=True)
    return code
