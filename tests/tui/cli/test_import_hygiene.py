"""What commands do not import: help is fast, and reading results does not load torch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurontui.tui.cli.main import COMMANDS

HELP = """
import sys
from neurontui.tui.cli.main import run
code = run([*sys.argv[1:], "--help"])
heavy = {"torch", "transformers", "textual", "duckdb", "pyarrow", "numpy"} & set(sys.modules)
sys.exit(f"imported {sorted(heavy)}" if heavy else code)
"""

OPEN = """
import asyncio, sys
from pathlib import Path
from neurontui.queries.results import open_results
from neurontui.tui.explorer.app import Explorer
from neurontui.tui.explorer.session import Session

async def look(path):
    app = Explorer(Session(open_results(path), [path]))
    async with app.run_test(size=(80, 24)) as pilot:
        for key in "123456789":
            await pilot.press(key)
            await pilot.pause()

asyncio.run(look(Path(sys.argv[1])))
heavy = {"torch", "transformers", "neurontui.compute"} & set(sys.modules)
sys.exit(f"imported {sorted(heavy)}" if heavy else 0)
"""


LIVE = """
import asyncio, sys
from pathlib import Path
from neurontui.queries.results import open_results
from neurontui.tui.explorer.app import LiveExplorer
from neurontui.tui.explorer.live.options import LiveOptions
from neurontui.tui.explorer.session import Session

async def look(path):
    app = LiveExplorer(Session(open_results(path), [path], live=LiveOptions("nowhere/nothing")))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("P")
        while getattr(getattr(app.page, "conversation", None), "pid", None) is None:
            await pilot.pause(0.02)

asyncio.run(look(Path(sys.argv[1])))
allowed = {"neurontui.compute", "neurontui.compute.live", "neurontui.compute.live.messages"}
heavy = {name for name in sys.modules if name.startswith(("neurontui.compute", "torch", "transformers"))} - allowed
sys.exit(f"imported {sorted(heavy)}" if heavy else 0)
"""


def _python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_imports_nothing_heavy(command: str) -> None:
    done = _python(HELP, *([command] if command else []))

    assert done.returncode == 0, done.stderr
    assert "Usage: neurontui" in done.stdout


@pytest.mark.parametrize("code", [OPEN, LIVE], ids=["open", "open --live"])
def test_the_explorer_never_imports_torch(measured: Path, code: str) -> None:
    done = _python(code, measured)

    assert done.returncode == 0, done.stderr


def test_reading_results_does_not_import_pandas(measured: Path, tmp_path: Path) -> None:
    """Where pandas is installed, pyarrow imports it."""
    (tmp_path / "pandas.py").write_text("raise SystemExit('pandas was imported')\n")
    for arguments in (["query", measured, "runs"], ["sql", measured, "FROM runs"], ["info", measured]):
        done = subprocess.run(
            [sys.executable, "-m", "neurontui.tui", *map(str, arguments)],
            capture_output=True, text=True, timeout=120, check=False,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )  # fmt: skip

        assert done.returncode == 0, done.stderr
