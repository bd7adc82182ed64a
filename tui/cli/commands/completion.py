"""`neurontui completion`: the Tab completion script of a shell."""

import click


@click.command("completion", short_help="Print the Tab completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the Tab completion script for SHELL.

    For bash: neurontui completion bash >> ~/.bashrc
    """
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    assert maker is not None  # click knows the three shells of the Choice
    root = context.find_root().command
    click.echo(maker(root, {}, "neurontui", "_NEURONTUI_COMPLETE").source())
