"""One function a figure or table of a run: it asks named queries and returns a block of the report."""
