"""Every command of the README does what it says, on the built-in model in place of a downloaded one."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from neurontui.compute.demo import DEMO_MODEL, demo_task
from neurontui.queries import open_results
from neurontui.tui.main import COMMANDS
from tests.tui.commands.command_line import neurontui

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`(neurontui [^`…]+)`")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def _commands() -> list[str]:
    fenced = [line for block in SHELL.findall(README) for line in block.splitlines()]
    return [line for line in [*fenced, *INLINE.findall(README)] if line.startswith("neurontui ")]


@pytest.mark.parametrize("line", _commands())
def test_a_command_of_the_readme_works(line: str, measured: Path, tmp_path: Path) -> None:
    results, mine = tmp_path / "results.duckdb", tmp_path / "mine.jsonl"
    shutil.copy(measured, results)
    mine.write_text(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0], encoding="utf-8")
    words = shlex.split(line, comments=True)[1:]
    places = {
        "results.duckdb": str(results),
        "mine.jsonl": str(mine),
        "bigscience/bloomz-560m": str(DEMO_MODEL),
        "xnli": str(demo_task("xnli")),
    }
    words = [places.get(word, word) for word in words]
    if "--limit" in words:
        words[words.index("--limit") + 1] = "1"

    said = neurontui(*words)

    if words[0] == "open":  # without a terminal it says so, once the file has been read
        assert said.code == 2
        assert "needs a terminal" in said.err
    else:
        assert said.code == 0, said.err


def test_the_notebook_of_the_readme_runs(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(measured.parent)
    code = PYTHON.findall(README)[0].replace("demo · fact", "bloom · fact")
    without_pandas = re.sub(r"\n.*to_pandas\(\).*", "", code)
    found: dict[str, object] = {}
    exec(compile(without_pandas, "README.md", "exec"), found)

    with open_results(measured) as results:
        assert found["ratios"].equals(results.query("type-ratio-by-layer", languages="en,de,zh"))  # type: ignore[attr-defined]


def test_every_command_and_exit_code_is_in_the_readme() -> None:
    table = README.split("## All commands")[1]

    assert all(f"`{command}`" in table for command in COMMANDS)


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", README)

    assert links
    assert [each for each in links if not (ROOT / each).exists()] == []
