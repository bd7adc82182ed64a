"""Ask whether the terms of pretrained weights are accepted, then install them."""

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from neurontui.store.errors import MissingExtraError, UsageError
from neurontui.tui.cli.messages import say

if TYPE_CHECKING:
    from neurontui.compute.real.weights import Weights


def accepted_weights(weights: "Weights", *, accept: bool) -> None:
    """Install weights that are not in the cache, after the user has accepted their terms, now or with `accept`.

    Raises UsageError if they are not accepted or nobody can be asked, MissingExtraError without the package gguf, and
    ModelError if they cannot be installed.
    """
    from neurontui.compute.real.install import install
    from neurontui.compute.real.weights import introduction
    from neurontui.tui.cli.signals import resumable

    if not weights.path.is_file():
        if find_spec("gguf") is None:
            raise MissingExtraError(
                f"{weights.name} is a GGUF file, and reading it requires gguf: pip install 'neurontui[gguf]'"
            )
        for line in introduction(weights).splitlines():
            say(line)
        _require_accepted(weights, accept=accept)
    with resumable():
        install(weights, say)


def _require_accepted(weights: "Weights", *, accept: bool) -> None:
    if accept:
        say("Terms accepted with --accept.")
    elif not sys.stdin.isatty():
        raise UsageError(
            f"The terms of {weights.name} must be accepted, and there is no terminal to ask in; add --accept."
        )
    elif not click.confirm("Accept these terms and install?", err=True):
        raise UsageError("The terms were not accepted, so nothing was installed.")
