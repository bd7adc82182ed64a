"""The same fixtures as in the quick tests."""

from tests.store.conftest import results, store

__all__ = ["results", "store"]
