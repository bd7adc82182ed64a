"""Everything that can be done to a results file besides measuring into it and reading it."""

from neurontui.store.combine import Arrival, combine
from neurontui.store.compact import compact, remove
from neurontui.store.export import export
from neurontui.store.health import Health, TableSize, health
from neurontui.store.journal import Progress, list_journals
from neurontui.store.verify import verify

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
