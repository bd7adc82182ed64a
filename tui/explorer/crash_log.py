"""Handles bugs of the explorer: the terminal is restored, details go to a file, and the user gets one sentence."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.selection import state_path


class ExplorerError(NeurontuiError):
    """The explorer has a bug."""


def write_crash_log(error: BaseException) -> ExplorerError:
    """Write the details to a file and say where it is."""
    path = state_path().with_name("crash.txt")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    return ExplorerError(
        f"The explorer stopped because of an internal error ({type(error).__name__}). "
        f"Details are in {path}; please report them."
    )


@contextmanager
def wrap_errors() -> Iterator[None]:
    """In a thread: pass NeurontuiError through, and turn every other error into one."""
    try:
        yield
    except NeurontuiError:
        raise
    except Exception as error:
        raise write_crash_log(error) from error
