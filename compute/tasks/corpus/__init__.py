"""The data of the task corpus: texts in one or more languages, which need not mean the same."""
