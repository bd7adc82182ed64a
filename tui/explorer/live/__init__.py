"""The explorer's side of a live prompt: the worker process, and what its answers look like."""
