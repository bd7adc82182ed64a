"""The FFNs of a model: where they are, what their neurons read and write."""
