"""What the README says beside its commands, which test_commands runs: the notebook, the lists, the links."""

import re
from pathlib import Path

import pytest

from neurontui.queries import open_results
from neurontui.tui.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_notebook_of_the_readme_runs(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(measured.parent)
    code = PYTHON.findall(README)[0].replace("demo · fact", "bloom · fact")
    without_pandas = re.sub(r"\n.*to_pandas\(\).*", "", code)
    found: dict[str, object] = {}
    exec(compile(without_pandas, "README.md", "exec"), found)

    with open_results(measured) as results:
        ratios = results.query("type-ratio-by-layer", languages="en,de,zh")
    # Threads add floats up in any order, so the last bits of two answers may differ.
    rows = found["ratios"].to_pylist()  # type: ignore[attr-defined]
    assert rows == [pytest.approx(row) for row in ratios.to_pylist()]


def test_every_command_and_exit_code_is_in_the_readme() -> None:
    table = README.split("## All commands")[1]

    assert all(f"`{command}`" in table for command in COMMANDS)


def test_links_to_files_lead_somewhere() -> None:
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", README)

    assert links
    assert [each for each in links if not (ROOT / each).exists()] == []
