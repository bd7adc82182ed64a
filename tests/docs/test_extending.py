"""Follows docs/extending.md: runs the code blocks of each section in their order."""

import re
import shlex
import shutil
import textwrap
from pathlib import Path
from typing import Any

import duckdb
import pytest

from neurontui.compute.demo import DEMO_MODEL
from neurontui.compute.models.ffns import architectures
from neurontui.compute.tasks import registry
from tests.docs.outputs import ROOT
from tests.tui.cli.command_line import Said, neurontui

BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


def blocks(title: str) -> list[str]:
    """The code blocks of a section, in their order."""
    page = (ROOT / "docs" / "extending.md").read_text("utf-8")
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return [textwrap.dedent(code) for _, code in BLOCK.findall(section)]


def entries(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Lines of a dictionary, evaluated with the names of the module that they belong to."""
    return eval(f"{{{code}}}", names)  # type: ignore[no-any-return]


def command(line: str, **values: object) -> Said:
    """Run a command of the page with other values for some of its words."""
    words = [str(values.get(word.replace(".", "_"), word)) for word in shlex.split(line)]
    return neurontui(*words[1:])


def test_add_an_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    model, entry, comparison = blocks("Add an architecture")
    names: dict[str, Any] = {}
    exec(model, names)
    (added,) = entries(entry, vars(architectures)).items()
    assert added[0] not in architectures.KNOWN, "the page shows how to add an architecture that is not known"

    monkeypatch.setitem(architectures.KNOWN, *added)
    exec(comparison, names)

    assert names["known"], "the comparison of the page compared nothing"


def test_add_a_task(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    loader, entry, dry_run = blocks("Add a task")
    names = dict(vars(registry))
    exec(loader, names)
    (added,) = eval(f"[{entry}]", names)
    monkeypatch.setitem(registry.TASKS, added.name, added)

    printed = command(dry_run, **{"bigscience/bloomz-560m": DEMO_MODEL, "results_duckdb": tmp_path / "r.duckdb"})

    assert printed.code == 0, printed.err
    assert "1 =" in printed.out + printed.err


@pytest.fixture
def own_query(tmp_path: Path, results: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `results.duckdb` and the page's query in `my-queries`."""
    shutil.copy(results, tmp_path / "results.duckdb")
    (tmp_path / "my-queries").mkdir()
    (tmp_path / "my-queries" / "own.sql").write_text(blocks("Add a query")[0], "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_add_a_query(own_query: Path) -> None:
    printed = command(f"{blocks('Add a query')[1]} --format csv")

    assert printed.code == 0, printed.err
    rows = [line.split(",") for line in printed.out.split()[1:]]
    assert {int(layer): float(active) for layer, active in rows} == pytest.approx(_active("en", "de", "zh"), rel=1e-6)


def test_add_a_chart(own_query: Path, capsys: pytest.CaptureFixture[str]) -> None:
    builder, drawing = blocks("Add a chart")
    names: dict[str, Any] = {}
    exec(builder, names)
    exec(drawing, names)

    chart = names["chart"]
    assert dict(zip(map(int, chart.labels), chart.series[0].values, strict=True)) == pytest.approx(_active())
    assert chart.title in capsys.readouterr().out


def _active(*languages: str) -> dict[int, float]:
    """Percent of masks with a bit of these languages (default: any), by layer."""
    with duckdb.connect("results.duckdb", read_only=True) as connection:
        [(codes,)] = connection.execute("SELECT languages FROM runs").fetchall()
        bits = sum(1 << codes.index(code) for code in languages or codes)
        rows = connection.execute(
            "SELECT layer, 100 * avg((mask & ?::UBIGINT != 0)::INTEGER) FROM activations GROUP BY layer", [bits]
        ).fetchall()
    return dict(rows)
