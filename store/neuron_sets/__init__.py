"""Named sets of neurons, in a folder beside the results file."""
