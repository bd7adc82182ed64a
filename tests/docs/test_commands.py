"""Every command of the pages works, and the output below it has the columns that it prints."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.queries.loader import load_queries
from neurontui.tui.cli.commands.open import command as open_command
from neurontui.tui.cli.commands.run import command as run_command
from tests.docs.outputs import ANSWERS, ROOT, Shown, answers_of, columns, printed, shown
from tests.tui.cli.command_line import neurontui
from tests.tui.terminal import read_terminal

WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "compute" / "demo" / "MODEL.md"]
MEASURED_ON_REAL_WEIGHTS = ROOT / "docs" / "findings.md"  # its commands are tested in tests/findings
PAGES = [*WRITTEN, *sorted(set((ROOT / "docs").glob("*.md")) - {MEASURED_ON_REAL_WEIGHTS})]
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`(neurontui [^`…]+)`")
INDENTED = re.compile(r"^    (neurontui .+)$", re.MULTILINE)
WITH_A_TERMINAL = {"open", "demo"}


def _lines(page: Path) -> list[str]:
    """Commands of a page without those that have an output, which are tested separately."""
    text = page.read_text("utf-8")
    for example in shown(page):
        text = text.replace(example.command, "")
    fenced = [line for block in SHELL.findall(text) for line in block.splitlines()]
    return [*fenced, *INLINE.findall(text), *INDENTED.findall(text)]


def _all(begin: str) -> list[str]:
    return sorted({line for page in PAGES for line in _lines(page) if line.startswith(f"{begin} ")})


OWN = [line for line in _all("neurontui") if shlex.split(line)[1] not in WITH_A_TERMINAL]
OUTPUTS = [(page.name, example) for page in PAGES for example in shown(page)]


@pytest.mark.parametrize("line", OWN)
def test_a_command_works(line: str, results: Path, tmp_path: Path) -> None:
    own = shutil.copy(results, tmp_path / "results.duckdb")
    mine, paper = tmp_path / "mine.jsonl", tmp_path / "paper.toml"
    mine.write_text(_json(), "utf-8")
    paper.write_text(
        f'[[run]]\nmodel = "{DEMO_MODEL}"\ntask = "{demo_task("fact")}"\nout = "{tmp_path}/p.duckdb"\nlimit = 1\n',
        "utf-8",
    )
    texts = tmp_path / "texts"
    texts.mkdir()
    for code in ("en", "de"):
        (texts / f"{code}.txt").write_text("Berlin, Paris.\nAnkara, Lima.\n", "utf-8")
    places = {
        "results.duckdb": str(own),
        "paper.duckdb": str(own),
        "mine.jsonl": str(mine),
        "docs/paper.toml": str(paper),
        "FILE.toml": str(paper),
        "report.html": str(tmp_path / "report.html"),
        "bigscience/bloomz-560m": str(DEMO_MODEL),
        "texts": str(texts),
        "xnli": str(demo_task("xnli")),
    }
    words = [places.get(word, word) for word in shlex.split(line, comments=True)[1:]]
    if len(words) == 1:  # named, not given
        words.append("--help")
    if "--limit" in words:
        words[words.index("--limit") + 1] = "1"

    ended = neurontui(*words)

    assert ended.code == 0, ended.err


def test_the_explorer_reads_the_file_and_then_wants_a_terminal(results: Path) -> None:
    ended = neurontui("open", results)

    assert ended.code == 2
    assert "requires a terminal" in ended.err


def test_the_explorer_opens_in_a_terminal_and_ends(results: Path, tmp_path: Path) -> None:
    assert "neurontui open results.duckdb" in _all("neurontui")

    screen = read_terminal(results, tmp_path, keys=["2"])

    assert b"Layers" in screen


@pytest.mark.parametrize(("page", "example"), OUTPUTS, ids=[f"{p}-{i}" for i, (p, _) in enumerate(OUTPUTS)])
def test_an_output_is_that_of_its_command(page: str, example: Shown, results: Path) -> None:
    """`python -m tests.docs results.duckdb` writes the outputs from the demo; the small file has the same columns."""
    output = printed(example.command, results)

    assert columns(output) == example.columns
    assert len(example.output.splitlines()) > 2, "an output without rows shows nothing"


def test_the_answers_in_the_readme_are_those_of_the_demo(results: Path) -> None:
    ((_, text),) = ANSWERS.findall((ROOT / "README.md").read_text("utf-8"))

    def asked(lines: str) -> list[str]:
        return [line.split("?")[0] for line in lines.splitlines() if not line.startswith(" ")]

    assert asked(text) == asked(answers_of(results, "demo · fact"))


def test_every_option_and_parameter_that_the_pages_name_is_there() -> None:
    method = (ROOT / "docs" / "method.md").read_text("utf-8")
    of_commands = [*run_command.params, *open_command.params]
    options = {name for option in of_commands for name in (*option.opts, *option.secondary_opts)}
    parameters = {query.name: {parameter.name: parameter for parameter in query.parameters} for query in load_queries()}

    named = set(re.findall(r"--[a-z][a-z-]+", method))
    asked = re.findall(r"`([a-z-]+) -p (\w+)=([^`]+)`", method)

    assert named <= options
    assert len(named) >= 25
    assert len(asked) >= 6
    for query, parameter, value in asked:
        choices = parameters[query][parameter].choices
        assert not choices or value in choices, (query, parameter, value)


def _json() -> str:
    return re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[0]
