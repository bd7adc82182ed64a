"""A bug of ours: the terminal is given back, the details go into a file, and the reader gets a sentence."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from neurontui.store.errors import NeurontuiError
from neurontui.tui.explorer.selection import state_path


class ExplorerError(NeurontuiError):
    """The explorer met an error of its own."""


def write_crash_log(error: BaseException) -> ExplorerError:
    """Write the details down, and say where they are."""
    path = state_path().with_name("crash.txt")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
    return ExplorerError(
        f"The explorer met an error of its own ({type(error).__name__}) and had to stop; "
        f"the details are in {path}: please report them."
    )


@contextmanager
def wrap_errors() -> Iterator[None]:
    """In a thread: let failures through that have a sentence, and give one to all others."""
    try:
        yield
    except NeurontuiError:
        raise
    except Exception as error:
        raise write_crash_log(error) from error
