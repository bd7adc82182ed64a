"""The check and the benchmark of a GPU, in one program that prints a table and ends with 1 if a check failed.

    python -m tests.gpu [--out gpu.md] [--seconds 330]
    python -m tests.gpu --tiny

It compares a dozen architectures with the CPU, lets memory run out, interrupts a run, and then measures speed and
memory at the shape of a 7B model. It needs torch, transformers, duckdb, pyarrow and textual with what these require,
and the folders `.src` and `.` on PYTHONPATH; the package itself need not be installed. `--tiny` does everything at
tiny shapes on the CPU and names what needs a GPU.
"""

import argparse
import os
import sys
from pathlib import Path

from tests.gpu.bare import hide_other_packages, stand_in_for_langcodes, stand_in_for_py3langid

PARTS = ("check", "benchmark")


def main() -> int:
    """0 if no check failed, 2 if there is no GPU."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, help="also write the table to this file, as Markdown")
    parser.add_argument("--seconds", type=float, default=330, help="start no check later than this (default: 330)")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--tiny", action="store_true", help="tiny shapes on the CPU, to test this program")
    parser.add_argument("--only", choices=PARTS, help="one part")
    parser.add_argument("--architectures", help="only these, separated by commas")
    parser.add_argument("--bare", action="store_true", help="hide every package that a bare GPU machine lacks")
    options = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if options.bare:
        hide_other_packages()
    about_languages = f"{stand_in_for_langcodes()} {stand_in_for_py3langid()}"
    from tests.gpu.program import run  # imports torch, and the package after its stand-ins are settled

    return run(options, about_languages)


if __name__ == "__main__":
    sys.exit(main())
