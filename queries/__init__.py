"""One named SQL query a question, and the Python face of results files."""

from neurontui.queries.results import Results, open_results

__all__ = ["Results", "open_results"]
