"""Named SQL queries, and the Python interface to results files."""

from neurontui.queries.results import Results, open_results

__all__ = ["Results", "open_results"]
