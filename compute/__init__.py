"""Experiments: a model and a task become measurements, written to the store."""
