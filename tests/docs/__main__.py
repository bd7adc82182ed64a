"""`python -m tests.docs [results.duckdb]`: write the pages that are made, and every output of a command anew.

Outputs are those of the demo's results; without a results file they stay as they are.
"""

import sys
from pathlib import Path

from tests.docs.outputs import refresh
from tests.docs.pages import DOCS, PAGES

for name, page in PAGES.items():
    (DOCS / name).write_text(page(), encoding="utf-8")
    print(DOCS / name)
for results in sys.argv[1:]:
    for path in (DOCS.parent / "README.md", DOCS / "cookbook.md"):
        refresh(path, Path(results))
        print(path)
