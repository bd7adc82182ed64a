"""The explorer in a real pseudo-terminal, as `neurontui open` starts it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path


def read_terminal(path: Path, folder: Path, keys: list[str]) -> bytes:
    """Everything that `neurontui open` writes to a terminal of 80 by 24 while keys are pressed; it must exit with 0."""
    main, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {
        **os.environ,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "NEURONTUI_STATE": str(folder),
        "TEXTUAL_ANIMATIONS": "none",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "neurontui.tui", "open", str(path)],
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env=environment,
        close_fds=True,
    )
    os.close(secondary)
    try:
        output = drain(main, quiet=2.0, longest=30)
        for key in keys:
            os.write(main, key.encode())
            # An escape byte that another key follows at once would be read as that key with alt.
            output += drain(main, quiet=1.5 if key in ("\x1b", "\x12") else 0.4, longest=10)
        for _ in range(8):  # a busy machine may still be at the last key
            for key in ("\x1b", "q"):
                os.write(main, key.encode())
                output += drain(main, quiet=1.5, longest=10)
            if process.poll() is not None:
                break
        assert process.wait(timeout=1) == 0
    finally:
        process.kill()
        os.close(main)
    return output


def drain(handle: int, quiet: float, longest: float) -> bytes:
    """What comes until nothing has come for `quiet` seconds."""
    output, until = b"", time.monotonic() + longest
    while time.monotonic() < until and select.select([handle], [], [], quiet)[0]:
        try:
            piece = os.read(handle, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    return output
