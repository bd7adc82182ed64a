"""The outputs below commands in the pages: finds and updates them.

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
        """Names of the columns, from the first line of the table."""
        return columns(self.output)


def shown(page: Path) -> Iterator[Shown]:
    """The commands of a page that have an output below them."""
    for command, output in SHOWN.findall(page.read_text("utf-8")):
        yield Shown(command, output)


def columns(output: str) -> list[str]:
    """Names of the columns of a printed table."""
    return [name.strip() for name in output.split("\n", 1)[0].split("┃")]


def printed(command: str, results: Path) -> str:
    """What a command prints for these results. Raises RuntimeError if it fails."""
    words = [str(results) if word == "results.duckdb" else word for word in shlex.split(command)]
    ended = neurontui(*words[1:])
    if ended.code:
        raise RuntimeError(f"{command}\n{ended.err}")
    return "".join(f"{line.rstrip()}\n" for line in ended.out.splitlines())


def refresh(page: Path, results: Path) -> None:
    """Update the outputs of a page."""

    def fresh(block: re.Match[str]) -> str:
        output = printed(block[1], results)
        return f"```sh\n{block[1]}\n```\n\n```\n{output}```"

    def answered(block: re.Match[str]) -> str:
        return f"<!-- answers: {block[1]} -->\n\n```\n{answers_of(results, block[1])}```"

    text = SHOWN.sub(fresh, page.read_text("utf-8"))
    page.write_text(ANSWERS.sub(answered, text), "utf-8")


def answers_of(results: Path, run: str) -> str:
    """The demo's findings about a run, wrapped to the width of a page."""
    with open_results(results) as opened:
        (number,) = [row["run"] for row in opened.runs().to_pylist() if row["name"] == run]
        lines = [line.removeprefix("  ") for line in answers(opened, number)]
    wrapped = [
        textwrap.fill(line, 110, subsequent_indent="  " * line.startswith(" "), break_on_hyphens=False)
        for line in lines
    ]
    return "".join(f"{line}\n" for line in wrapped)
