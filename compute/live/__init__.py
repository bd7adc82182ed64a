"""The live prompt of the explorer: a worker process with a model, and the messages to and from it."""
