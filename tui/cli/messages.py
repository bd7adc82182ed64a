"""Messages of commands, on stderr: a path in them may hold what a terminal obeys, or bytes that are not UTF-8."""

import click


def say(sentence: str) -> None:
    """Print one line to stderr."""
    from neurontui.tui.common.sanitize import clean

    click.echo(clean(sentence), err=True)
