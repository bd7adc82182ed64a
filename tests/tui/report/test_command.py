"""`neurontui report`: where it writes, what it refuses, and what it does without matplotlib."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from neurontui.store import schema
from neurontui.store.errors import ExitCode
from neurontui.tui.cli.main import run
from neurontui.tui.report import write
from tests.queries.raw_run import make_run
from tests.tui.report.conftest import Made
from tests.tui.report.stores import merge_runs

pytestmark = pytest.mark.xdist_group("report")  # one worker builds the store and the report


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small run of types alone."""
    one = make_run(
        5,
        "small",
        ("en", "de"),
        examples=6,
        sizes=(8, 8),
        attribution=False,
        conditions=(),
        thresholds=(0.0,),
    )
    return merge_runs(tmp_path_factory.mktemp("small") / "small results.duckdb", one)


def test_markdown_keeps_its_figures_beside_it(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "my report.md"
    assert run(["report", str(small), "--out", str(out)]) == ExitCode.OK
    text = out.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(<([^>]+)>\)", text)
    assert "my report_files/run-1-types.svg" in pictures
    assert {str(each.relative_to(tmp_path)) for each in (tmp_path / "my report_files").iterdir()} == set(pictures)
    assert (tmp_path / pictures[0]).read_text(encoding="utf-8").startswith("<svg ")
    said = capsys.readouterr()
    assert said.out == ""
    assert f"report written to {out}" in said.err


def test_html_is_one_file(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    assert run(["report", str(small), "--out", str(out)]) == ExitCode.OK
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    # A command to copy names the file whatever its name.
    assert "&#39;" in out.read_text(encoding="utf-8")


def test_chosen_runs_alone(made: Made, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["report", str(made.path), "--run", "bare", "--run", "3"]) == ExitCode.OK
    text = capfdbinary.readouterr().out.decode()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Findings", "Overview", "Run 3: bare"]


def test_several_files_are_one_report(small: Path, made: Made, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["report", str(made.path), str(small), "--run", "3", "--run", "4"]) == ExitCode.OK
    text = capfdbinary.readouterr().out.decode()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Findings",
        "Overview",
        "Across runs",
        "Run 3: bare",
        "Run 4: small",
    ]
    # Alone, the second file numbers its run 1, so commands name it by its key.
    key = re.search(r"\| key +\| (\w+) ", text[text.index("## Run 4") :])
    assert key
    assert f"'{small}' type-ratio-by-layer --run {key[1]}`" in text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--out", "report.pdf"], ExitCode.USAGE, "ends in neither .md nor .html"),
        (["--out", "nowhere/report.md"], ExitCode.INPUT, "There is no folder nowhere"),
        (["--run", "nobody"], ExitCode.USAGE, "There is no run 'nobody'"),
    ],
)
def test_what_it_refuses(
    small: Path, arguments: list[str], code: ExitCode, words: str, capsys: pytest.CaptureFixture[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert run(["report", str(small), *arguments]) == code
    said = capsys.readouterr().err
    assert words in said
    assert len(said.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_file_without_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema.create(tmp_path / "empty.duckdb")
    assert run(["report", str(tmp_path / "empty.duckdb")]) == ExitCode.USAGE
    assert "holds no run yet" in capsys.readouterr().err


def test_without_matplotlib(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(write, "find_spec", lambda _: None)
    assert run(["report", str(small), "--out", str(tmp_path / "r.html")]) == ExitCode.MISSING_EXTRA
    assert "pip install 'neurontui[report]'" in capsys.readouterr().err
    assert run(["report", str(small), "--out", str(tmp_path / "r.md")]) == ExitCode.OK
    assert "to draw them: pip install 'neurontui[report]'" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["r.md"]
    assert "![" not in (tmp_path / "r.md").read_text(encoding="utf-8")


def test_markdown_on_stdout_imports_no_matplotlib_and_no_torch(small: Path) -> None:
    program = (
        "import sys\nfrom neurontui.tui.cli.main import run\n"
        f"code = run(['report', {str(small)!r}])\n"
        "heavy = {'matplotlib', 'torch', 'transformers', 'textual.app'} & set(sys.modules)\n"
        "print(code, heavy or 'light', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "0 light"
    assert done.stdout.startswith("# Neurons across languages: small\n")
