"""Tab completion in a real shell, with the script that `neurontui completion` prints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASH = """
source <(neurontui completion bash)
compopt() { :; }  # only there while the shell itself completes
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
_neurontui_completion neurontui
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
autoload -Uz compinit; compinit -u
source <(neurontui completion zsh)
whence -w _neurontui_completion
"""


def offered(*words: str) -> list[str]:
    """Completions in bash of the last word."""
    return run("bash", "--norc", "-c", BASH, "bash", "neurontui", *words).splitlines()


def run(shell: str, *arguments: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shell, *arguments], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_bash_completes_commands_queries_parameters_and_choices() -> None:
    assert offered("rep") == ["report"]
    assert "type-ratio-by-layer" in offered("query", "r.duckdb", "type-ratio")
    of_query = ("query", "r.duckdb", "contribution-by-type", "-p")
    assert {"languages=", "measure=share", "measure=raw", "by_layer=false"} <= set(offered(*of_query, ""))
    assert offered(*of_query, "meas") == ["measure=share", "measure=raw"]
    assert offered("query", "r.duckdb", "type-ratio", "--format", "p") == ["parquet"]
    assert offered("run", "--task", "ke") == ["ke-en-all", "ke-all-en"]


def test_queries_of_ones_own_are_offered_too(tmp_path: Path) -> None:
    (tmp_path / "mine.sql").write_text("-- name: my-own\n-- title: Mine\nSELECT 1 AS one\n")
    assert offered("query", "--queries", str(tmp_path), "r.duckdb", "my") == ["my-own"]
    (tmp_path / "mine.sql").write_text("no header")
    assert offered("query", "--queries", str(tmp_path), "r.duckdb", "claim") == ["claims"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed here")
def test_zsh_takes_the_script() -> None:
    assert "function" in run("zsh", "-f", "-c", ZSH)
