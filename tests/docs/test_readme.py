"""The README's Python example and list of commands, and the links of all pages. `test_commands` runs the commands."""

import re
from pathlib import Path

import pytest

from neurontui.queries import open_results
from neurontui.tui.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_notebook_of_the_readme_runs(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(measured.parent)
    code = PYTHON.findall(README)[0].replace("demo · fact", "bloom · fact")
    without_pandas = re.sub(r"\n.*to_pandas\(\).*", "", code)
    names: dict[str, object] = {}
    exec(compile(without_pandas, "README.md", "exec"), names)

    with open_results(measured) as results:
        ratios = results.query("type-ratio-by-layer", languages="en,de,zh")
    # Threads add floats in any order, so the last bits of two results may differ.
    rows = names["ratios"].to_pylist()  # type: ignore[attr-defined]
    assert rows == [pytest.approx(row) for row in ratios.to_pylist()]


def test_every_command_and_exit_code_is_in_the_readme() -> None:
    table = README.split("## All commands")[1]

    assert all(f"`{command}`" in table for command in COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in re.findall(r"\]\((?!http)([^)]+)\)", page.read_text("utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
