"""The command line and the explorer. It shows what `queries` answers and never loads a model itself."""
