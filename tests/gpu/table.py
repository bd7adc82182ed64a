"""The table of the check: one row per check, printed and written to a file as soon as it is known."""

import gc
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

PASSED, FAILED, SKIPPED, MEASURED = "pass", "FAIL", "skipped", "measured"


class NotHere(Exception):  # noqa: N818 - no error: the check needs something that this machine lacks
    """Raised by a check that cannot run here; its text is the reason."""


class Mismatch(AssertionError):  # noqa: N818 - the word that the table shows
    """Two numbers differ by more than rounding."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    section: str
    name: str
    result: str
    detail: str
    seconds: float

    def markdown(self) -> str:
        cells = (self.section, self.name, self.result, self.detail, f"{self.seconds:.1f}")
        return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


@dataclass
class Table:
    """Runs checks and collects their rows."""

    out: Path | None
    seconds: float
    """Checks that would start later than this are skipped."""
    rows: list[Row] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _lines: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether a check failed."""
        return any(row.result == FAILED for row in self.rows)

    def say(self, line: str) -> None:
        """Print a line and rewrite the file, so that a killed program leaves what it had."""
        print(line, flush=True)
        self._lines.append(line)
        if self.out is not None:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            self.out.write_text("\n".join(self._lines) + "\n", encoding="utf-8")

    def header(self) -> None:
        """The head of the table."""
        self.say("")
        self.say("| part | what | result | numbers | s |")
        self.say("|---|---|---|---|---|")

    def check(self, section: str, name: str, run: Callable[[], str], result: str = PASSED) -> None:
        """Run a check, which returns its numbers as text; an error of any kind makes its row FAIL."""
        began = time.monotonic()
        if began - self._began > self.seconds:
            result, detail = SKIPPED, f"more than {self.seconds:.0f} s had passed"
        else:
            result, detail = _run(run, result)
        row = Row(section, name, result, detail, time.monotonic() - began)
        self.rows.append(row)
        self.say(row.markdown())
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def summary(self) -> str:
        """How many checks passed, failed and were skipped, and the time of all."""
        n = {result: sum(row.result == result for row in self.rows) for result in (PASSED, FAILED, SKIPPED, MEASURED)}
        counted = ", ".join(f"{count} {result}" for result, count in n.items())
        return f"{counted}; {time.monotonic() - self._began:.0f} s"


def _run(run: Callable[[], str], result: str) -> tuple[str, str]:
    try:
        return result, run()
    except NotHere as reason:
        return SKIPPED, str(reason)
    except Mismatch as error:
        return FAILED, str(error)
    except Exception as error:
        traceback.print_exc()
        lines = str(error).strip().splitlines() or [""]
        return FAILED, f"{type(error).__name__}: {lines[0][:300]}"
