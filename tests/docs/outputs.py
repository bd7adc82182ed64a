"""Outputs that stand below commands in the pages: found, made again, and compared.

A block of ```sh with one `neurontui` command, followed by a plain block, is a command and what it prints.
"""

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neurontui.queries import open_results
from neurontui.tui.cli.demo_findings import answers
from tests.tui.cli.command_line import neurontui

ROOT = Path(__file__).parents[2]
ANSWERS = re.compile(r"<!-- answers: (.+?) -->\n\n```\n(.*?)```", re.DOTALL)
SHOWN = re.compile(r"```sh\n(neurontui [^`]*?)\n```\n\n```\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Shown:
    """One command and its output in a page."""

    command: str
    output: str

    @property
    def columns(self) -> list[str]:
        """Names of the columns; a table's first line has them."""
        return columns(self.output)


def shown(page: Path) -> Iterator[Shown]:
    """The commands of a page that stand with their output."""
    for command, output in SHOWN.findall(page.read_text("utf-8")):
        yield Shown(command, output)


def columns(output: str) -> list[str]:
    """Names of the columns of a printed table."""
    return [each.strip() for each in output.split("\n", 1)[0].split("┃")]


def printed(command: str, results: Path) -> str:
    """What a command prints about these results. Raises RuntimeError where it fails."""
    words = [str(results) if word == "results.duckdb" else word for word in shlex.split(command)]
    said = neurontui(*words[1:])
    if said.code:
        raise RuntimeError(f"{command}\n{said.err}")
    return "".join(f"{line.rstrip()}\n" for line in said.out.splitlines())


def refresh(page: Path, results: Path) -> None:
    """Write the outputs of a page anew."""

    def fresh(found: re.Match[str]) -> str:
        output = printed(found[1], results)
        return f"```sh\n{found[1]}\n```\n\n```\n{output}```"

    def answered(found: re.Match[str]) -> str:
        return f"<!-- answers: {found[1]} -->\n\n```\n{answers_of(results, found[1])}```"

    text = SHOWN.sub(fresh, page.read_text("utf-8"))
    page.write_text(ANSWERS.sub(answered, text), "utf-8")


def answers_of(results: Path, run: str) -> str:
    """The demo's answers about a run, as wide as a page."""
    with open_results(results) as opened:
        (number,) = [each["run"] for each in opened.runs().to_pylist() if each["name"] == run]
        lines = [line.removeprefix("  ") for line in answers(opened, number)]
    wrapped = [
        textwrap.fill(line, 110, subsequent_indent="  " * line.startswith(" "), break_on_hyphens=False)
        for line in lines
    ]
    return "".join(f"{line}\n" for line in wrapped)
