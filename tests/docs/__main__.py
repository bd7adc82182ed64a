"""`python -m tests.docs`: write docs/schema.md and docs/queries.md."""

from tests.docs.pages import DOCS, PAGES

for name, page in PAGES.items():
    (DOCS / name).write_text(page(), encoding="utf-8")
    print(DOCS / name)
