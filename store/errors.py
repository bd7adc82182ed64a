"""Every failure a user can meet, with the exit code the command line ends with.

NeurontuiError
├── UsageError          2   the command itself is off
├── InputError          3   a task file, data set, CSV or TOML file cannot be used
├── StoreError          4   a results file is missing, damaged, foreign or too new
├── ModelError          5   a model cannot be loaded, or has no FFN that we can read
├── MeasureError        6   a forward pass gave numbers that cannot be used, or memory ran out
├── BusyError           7   another process holds the file or the journal
├── QueryError          8   a query failed, was cancelled or ran out of time
└── MissingExtraError   9   a part that is not installed

Each message is one sentence that says what is wrong, where, and what to do.
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
    """Whoever read the output closed it, as `head` does: what SIGPIPE ends other programs with."""


class NeurontuiError(Exception):
    """Base of all failures that are told in one sentence and without a traceback."""

    exit_code = ExitCode.INTERNAL


class UsageError(NeurontuiError):
    """The command itself is off."""

    exit_code = ExitCode.USAGE


class InputError(NeurontuiError):
    """A task file, data set, CSV or TOML file cannot be used."""

    exit_code = ExitCode.INPUT


class StoreError(NeurontuiError):
    """A results file is missing, damaged, foreign or too new."""

    exit_code = ExitCode.STORE


class ModelError(NeurontuiError):
    """A model cannot be loaded, or has no FFN that we can read."""

    exit_code = ExitCode.MODEL


class MeasureError(NeurontuiError):
    """A forward pass gave numbers that cannot be used, or memory ran out."""

    exit_code = ExitCode.MEASURE


class BusyError(NeurontuiError):
    """Another process holds the file or the journal."""

    exit_code = ExitCode.BUSY


class QueryError(NeurontuiError):
    """A query failed, was cancelled or ran out of time."""

    exit_code = ExitCode.QUERY


class MissingExtraError(NeurontuiError):
    """A part of neurontui is not installed."""

    exit_code = ExitCode.MISSING_EXTRA
