"""Every `python -m` command of the pages runs, with small parameters; every `make` command is an existing target."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neurontui.compute.demo import DEMO_MODEL
from neurontui.compute.demo.recipe.facts import FACTS_FILE
from tests.docs.outputs import ROOT
from tests.docs.pages import PAGES as MADE
from tests.docs.test_commands import PAGES

RECIPE = "neurontui.compute.demo.recipe"
SMALL = {
    RECIPE: ["--steps", "1", "--out", "made"],
    f"{RECIPE}.evaluate": ["--model", str(DEMO_MODEL), "--tasks", "fact", "--examples", "1"],
    f"{RECIPE}.build_facts": ["--out", "made"],
    "tests.docs": ["--root", "made"],
    "tests.docs.pictures": ["--into", "made"],
    "tests.gpu": ["--tiny", "--architectures", "bloom", "--only", "check"],
    "tests.benchmarks.corpus": ["--rounds", "1", "--texts", "4"],
    "tests.benchmarks.gradients": [],
    "tests.queries.false_alarms": ["--matrices", "250"],
    "tests.benchmarks.explorer": ["--repeats", "2"],
    "tests.benchmarks.prefetching": ["--rounds", "1", "--presses", "1"],
    "tests.benchmarks.slow_line": ["--delay", "20", "--model", str(DEMO_MODEL)],
    "tests.benchmarks.store_scale": [
        *("--layers", "2", "--neurons", "64", "--examples", "30", "--out", "made/big.duckdb"),
    ],
}
"""Program -> options that make it small and redirect its output; they override those of the page."""
IN_A_LINE = re.compile(r"^ *python -m ([\w.]+)([^`\n]*)$", re.MULTILINE)
IN_A_SENTENCE = re.compile(r"`python\s+-m\s+([\w.]+)([^`]*)`")


ANSWERS_OF = re.compile(r"<!-- answers: .+? -->")
"""The small file has one run, which is not the one in the README."""


def _text(page: Path) -> str:
    return page.read_text("utf-8")


def _lines() -> list[tuple[str, str]]:
    """Programs and their arguments; a program without arguments is left out if it also occurs with arguments."""
    lines = {
        (module, " ".join(rest.split()))
        for page in PAGES
        for pattern in (IN_A_LINE, IN_A_SENTENCE)
        for module, rest in pattern.findall(_text(page))
    }
    given = {module for module, rest in lines if rest}
    return sorted((module, rest) for module, rest in lines if rest or module not in given)


LINES = _lines()
SLOW = (
    "tests.benchmarks",
    "tests.queries",
    "tests.gpu",
    "tests.docs.pictures",
    "neurontui.compute.demo.recipe.evaluate",
)
"""Programs that run with `make faults`; so do the recipe's lines."""


def _case(number: int) -> object:
    module, rest = LINES[number]
    slow = module.endswith(".recipe") or module.startswith(SLOW)
    return pytest.param(module, rest, marks=pytest.mark.faults if slow else ())


@pytest.mark.parametrize(("module", "rest"), [_case(number) for number in range(len(LINES))])
def test_a_program_runs(module: str, rest: str, results: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    for name in ("results.duckdb", "big.duckdb"):
        shutil.copy(results, tmp_path / name)
    card = tmp_path / "compute" / "demo" / "MODEL.md"
    card.parent.mkdir(parents=True)
    shutil.copy(ROOT / "compute" / "demo" / "MODEL.md", card)
    if module == "tests.docs":
        shutil.copytree(ROOT / "docs", made / "docs")
        readme = _text(ROOT / "README.md")
        (made / "README.md").write_text(ANSWERS_OF.sub("<!-- answers: demo · fact -->", readme))
    elif module not in (RECIPE, f"{RECIPE}.build_facts"):
        made.mkdir()
    words = [sys.executable, "-m", module, *shlex.split(rest, comments=True), *SMALL[module]]

    ended = subprocess.run(
        words,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NEURONTUI_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    _left_what_it_should(module, made)


def _left_what_it_should(module: str, made: Path) -> None:
    if module == RECIPE:
        assert {"config.json", "model.safetensors", "tokenizer.json"} <= _names(made)
    elif module.endswith("build_facts"):
        assert _text(made) == _text(FACTS_FILE), "the committed facts are those of the recipe"
    elif module == "tests.docs":
        assert [name for name, page in MADE.items() if _text(made / "docs" / name) != page()] == []
    elif module == "tests.docs.pictures":
        assert _names(made) == _names(ROOT / "docs" / "pictures")
    elif module == "tests.benchmarks.store_scale":
        assert (made / "big.duckdb").is_file()


def _names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_every_program_of_the_pages_was_found() -> None:
    named = {x for page in PAGES for x in re.findall(r"python\s+-m\s+([\w.]+)", _text(page))}

    assert {module for module, _ in LINES} == named == set(SMALL)


def test_every_make_line_is_a_target_that_runs_something() -> None:
    pages = "".join(map(_text, PAGES))
    made = set(re.findall(r"(?:`|^)make ([a-z-]+)(?:`|\s*#)", pages, re.MULTILINE))

    assert made == {"demo", "test", "check", "faults", "bench", "bench-gpu", "models", "real", "real-tests"}
    for target in made:
        ended = subprocess.run(
            ["make", "--dry-run", "--always-make", target],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"-m {_runs(target)}" in ended.stdout


def _runs(target: str) -> str:
    return {
        "demo": "neurontui.tui demo", "test": "pytest", "faults": "pytest", "real-tests": "pytest", "check": "mypy",
        "bench": "tests.benchmarks", "bench-gpu": "tests.gpu", "models": "tests.architectures",
        "real": "neurontui.tui demo --real",
    }[target]  # fmt: skip
