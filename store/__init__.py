"""One DuckDB file that keeps any number of runs, and the journal a run writes on its way there."""
