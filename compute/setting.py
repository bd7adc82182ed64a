"""Help, limits and group of an option of a run, beside its type, and the check of its value."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

GROUPS = ("Model", "Task", "Measures", "Scores", "Ablation", "Answers", "Hardware", "Output")
"""Groups of options, in the order of `neurontui run --help`."""

AT_MOST_63_BITS = 2**63 - 1


@dataclass(frozen=True)
class Setting:
    """What `neurontui run --help` shows of a field, and the limits of its value."""

    group: str
    help: str
    metavar: str | None = None
    low: int | None = None
    high: int | None = None
    off: str | None = None
    """The option that sets a boolean to false; without it the option only sets true."""


def option(field: str) -> str:
    """The option of a field on the command line."""
    return f"--{field.replace('_', '-')}"


def setting_of(kind: Any) -> Setting | None:
    """The Setting in an annotated type."""
    return next((item for item in get_args(kind) if isinstance(item, Setting)), None)


def bare_type(kind: Any) -> Any:
    """A field's type without its Setting and without None."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (UnionType, Union):
        kind = next(item for item in get_args(kind) if item is not NoneType)
    return kind


def value_fault(kind: Any, value: object) -> str:
    """What is wrong with the value of a field of annotated type `kind`, as the end of a sentence; empty if nothing."""
    inner = bare_type(kind)
    if value is None:
        return "" if NoneType in get_args(get_args(kind)[0]) else "is missing"
    if get_origin(inner) is not tuple:
        return item_fault(inner, value, setting_of(kind))
    if not isinstance(value, tuple):
        return "must be a tuple"
    item_type = get_args(inner)[0]
    return next(filter(None, (item_fault(item_type, item) for item in value)), "")


def item_fault(kind: Any, value: object, setting: Setting | None = None) -> str:
    """The same for one value of a plain type: str, Path, bool, int, float or Literal."""
    if get_origin(kind) is Literal:
        choices = get_args(kind)
        return "" if value in choices else f"must be one of {', '.join(map(repr, choices))}, not {repr(value)[:60]}"
    if kind is int:
        return _whole_number_fault(value, setting)
    if kind is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "must be a number"
        return "" if isfinite(value) else "must be a finite number"
    return "" if isinstance(value, kind) else f"must be {_NAMES[kind]}"


def _whole_number_fault(value: object, setting: Setting | None) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "must be a whole number"
    if abs(value) > AT_MOST_63_BITS:
        return "must be a whole number of at most 63 bits"
    low, high = (setting.low, setting.high) if setting else (None, None)
    if low is not None and value < low:
        return f"must be at least {low}"
    return f"must be at most {high}" if high is not None and value > high else ""


_NAMES = {str: "text", Path: "a path", bool: "true or false"}
