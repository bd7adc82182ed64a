"""Everything that can be done to a results file besides measuring into it and reading it."""

from neurontui.store.admin.compact import compact, remove
from neurontui.store.admin.export import export
from neurontui.store.admin.merge_files import Arrival, combine
from neurontui.store.admin.sizes import Health, TableSize, health
from neurontui.store.admin.verify import verify
from neurontui.store.journal.journal import Progress, list_journals

__all__ = [
    "Arrival",
    "Health",
    "Progress",
    "TableSize",
    "combine",
    "compact",
    "export",
    "health",
    "list_journals",
    "remove",
    "verify",
]
