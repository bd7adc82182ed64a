"""Runs of the task corpus: the activity of every neuron over texts that need not be parallel."""
