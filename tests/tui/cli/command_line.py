"""The command line, run in this process so that torch is loaded once for all tests."""

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from neurontui.tui.cli.main import run


@dataclass(frozen=True)
class Said:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str


def neurontui(*arguments: object, stdin: str = "") -> Said:
    """Run `neurontui` without a terminal."""
    out, err = _stream(), _stream()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        code = run([str(argument) for argument in arguments])
    return Said(code, _text(out), _text(err))


def is_one_sentence(said: Said) -> bool:
    """Whether an error is one line without a traceback; a slow machine also reports that it loads libraries."""
    lines = [line for line in said.err.strip().splitlines() if not line.startswith("loading PyTorch")]
    return len(lines) == 1 and lines[0].startswith("neurontui: ") and "Traceback" not in said.err


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()
