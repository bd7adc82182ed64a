"""Commands of docs/scaling.md need GPUs and clusters, so they are parsed but not run."""

import re
import shlex
from importlib import import_module

import click
import pytest

from tests.docs.outputs import ROOT

PAGE = (ROOT / "docs" / "scaling.md").read_text("utf-8")
LINES = [
    line
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("neurontui ")
]


@pytest.mark.parametrize("line", LINES)
def test_a_command_is_understood(line: str) -> None:
    _, name, *words = shlex.split(line)
    command: click.Command = import_module(f"neurontui.tui.cli.commands.{name}").command

    context = command.make_context(name, words, resilient_parsing=True)

    assert {"out"} <= context.params.keys()
    with command.make_context(name, ["--help"], resilient_parsing=True) as plain:
        options = {name for option in command.get_params(plain) for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_page_names_what_its_commands_rest_on() -> None:
    assert len(LINES) >= 7
    for option in ("--batch-examples", "--examples-at-once", "--batch-tokens", "--workers"):
        assert f"`{option}" in PAGE
