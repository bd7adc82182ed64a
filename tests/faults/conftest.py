"""The same fixtures as in the quick tests."""

from tests.store.conftest import merged, results, store

__all__ = ["merged", "results", "store"]
