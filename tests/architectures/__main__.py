"""`python -m tests.architectures [NAME …]`: try every text architecture and write docs/models.md.

With names, only these are tried and the outcomes are printed. Each architecture is tried in a process of its own.
"""

import argparse
import sys
import time

from tests.architectures.names import text_architectures
from tests.architectures.page import PAGE, page
from tests.architectures.processes import try_all
from tests.architectures.trial import WRONG

parser = argparse.ArgumentParser(prog="python -m tests.architectures")
parser.add_argument("names", nargs="*", help="model types, such as llama")
parser.add_argument("--workers", type=int, default=2)
options = parser.parse_args()

started = time.monotonic()
chosen = [item for item in text_architectures() if not options.names or item.name in options.names]
outcomes = try_all(chosen, options.workers)
if options.names:
    for outcome in outcomes:
        print(f"{outcome.architecture.label}: {outcome.group}; {outcome.ffns} {outcome.reason}; {outcome.scores}")
else:
    PAGE.write_text(page(outcomes), encoding="utf-8")
    print(f"{PAGE}: {len(outcomes)} architectures in {time.monotonic() - started:.0f} s")
sys.exit(any(outcome.group == WRONG for outcome in outcomes))
