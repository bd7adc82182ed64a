"""Messages on stderr, without escape sequences: a path may contain them, or bytes that are not UTF-8."""

import click


def say(sentence: str) -> None:
    """Print one line to stderr."""
    from neurontui.tui.common.sanitize import clean

    click.echo(clean(sentence), err=True)
