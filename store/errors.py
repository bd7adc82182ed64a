"""All errors that users can see, with the exit codes of the command line.

NeurontuiError
├── UsageError          2   the command is wrong
├── InputError          3   a task file, data set, CSV or TOML file cannot be used
├── StoreError          4   a results file is missing, damaged, foreign or too new
├── ModelError          5   a model cannot be loaded, or its FFNs cannot be read
├── MeasureError        6   a forward pass gave invalid numbers, or memory ran out
├── BusyError           7   another process uses the file or the journal
├── QueryError          8   a query failed, was cancelled or ran out of time
└── MissingExtraError   9   an optional package is not installed

Each message is one sentence: what is wrong, where, and what to do.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the `neurontui` command."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INPUT = 3
    STORE = 4
    MODEL = 5
    MEASURE = 6
    BUSY = 7
    QUERY = 8
    MISSING_EXTRA = 9
    INTERRUPTED = 130
    READER_GONE = 141
    """The output pipe was closed, for example by `head`: the exit code of SIGPIPE."""


class NeurontuiError(Exception):
    """Base of all errors that are reported in one sentence, without a traceback."""

    exit_code = ExitCode.INTERNAL


class UsageError(NeurontuiError):
    """The command is wrong."""

    exit_code = ExitCode.USAGE


class InputError(NeurontuiError):
    """A task file, data set, CSV or TOML file cannot be used."""

    exit_code = ExitCode.INPUT


class StoreError(NeurontuiError):
    """A results file is missing, damaged, foreign or too new."""

    exit_code = ExitCode.STORE


class ModelError(NeurontuiError):
    """A model cannot be loaded, or its FFNs cannot be read."""

    exit_code = ExitCode.MODEL


class MeasureError(NeurontuiError):
    """A forward pass gave invalid numbers, or memory ran out."""

    exit_code = ExitCode.MEASURE


class BusyError(NeurontuiError):
    """Another process uses the file or the journal."""

    exit_code = ExitCode.BUSY


class QueryError(NeurontuiError):
    """A query failed, was cancelled or ran out of time."""

    exit_code = ExitCode.QUERY


class MissingExtraError(NeurontuiError):
    """An optional package is not installed."""

    exit_code = ExitCode.MISSING_EXTRA
