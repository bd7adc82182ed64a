"""`python -m tests.docs [results.duckdb]`: write the generated pages, and update the output below each command.

The outputs are for the demo's results; without a results file they are not changed.
"""

import argparse
from pathlib import Path

from tests.docs.outputs import ROOT, refresh
from tests.docs.pages import PAGES

parser = argparse.ArgumentParser(prog="python -m tests.docs")
parser.add_argument("results", type=Path, nargs="?", help="the demo's")
parser.add_argument("--root", type=Path, default=ROOT, help="where README.md and docs/ are")
options = parser.parse_args()

for name, page in PAGES.items():
    (options.root / "docs" / name).write_text(page(), encoding="utf-8")
    print(options.root / "docs" / name)
if options.results:
    for path in (options.root / "README.md", options.root / "docs" / "cookbook.md"):
        refresh(path, options.results)
        print(path)
