"""Several runs from one file: TOML with [defaults] and one [[run]] table for each run.

    [defaults]
    out = "paper.duckdb"

    [[run]]
    model = ["bigscience/bloomz-560m", "bigscience/bloomz-3b"]
    task = "xnli"

Keys are the names of the run options, spelled with - or _. A table's keys override the defaults. A list for an
option with a single value means one run for each value (two runs here); several such lists are combined.
The caller passes the keys and their types; values are checked as those of RunConfig are.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any, get_args, get_origin

from neurontui.compute.setting import Setting, bare_type, item_fault, setting_of
from neurontui.compute.tasks.small_file import read_small
from neurontui.compute.tasks.text import listed, printable, shown, text_fault
from neurontui.store.errors import InputError

MAX_RUNS = 10_000

Kinds = Mapping[str, Any]
"""Key to type: str, int, float, bool, Path, Literal[…], tuple[one of these, ...], or any of these | None; a type may
be annotated with a Setting, whose limits then apply."""


def read_paper_file(path: Path, kinds: Kinds, required: Sequence[str] = ("model", "task")) -> list[dict[str, object]]:
    """The options of each run in order, checked against `kinds`; the model varies slowest.

    Raises InputError with the file, the table and the key.
    """
    file = printable(path.name)
    tables = _read(path)
    strange = [key for key in tables if key not in ("defaults", "run")]
    if strange:
        raise InputError(f"{file}: '{shown(strange[0])}' is not a table of this file; use [defaults] and [[run]].")
    defaults = tables.get("defaults", {})
    runs = tables.get("run", [])
    if not isinstance(defaults, dict):
        raise InputError(f"{file}: defaults must be a table, written [defaults].")
    if not isinstance(runs, list) or not all(isinstance(run, dict) for run in runs):
        raise InputError(f"{file}: runs must be tables, each written [[run]].")
    if not runs:
        raise InputError(f"{file} has no run; write one [[run]] table for each.")
    common = _options(defaults, kinds, f"{file}, [defaults]")
    entries: list[dict[str, object]] = []
    for number, run in enumerate(runs, 1):
        entries += _expanded(run, common, kinds, required, f"{file}, [[run]] {number}")
        if len(entries) > MAX_RUNS:
            raise InputError(f"{file} describes more than {MAX_RUNS:,} runs; split it.")
    return entries


def _expanded(
    run: dict[str, Any],
    common: dict[str, list[object]],
    kinds: Kinds,
    required: Sequence[str],
    where: str,
) -> Iterator[dict[str, object]]:
    options = {**common, **_options(run, kinds, where)}
    missing = [key for key in required if key not in options]
    if missing:
        raise InputError(f"{where} has no {missing[0]}.")
    order = [*required, *(key for key in options if key not in required)]
    n_runs = math.prod(len(options[key]) for key in order)
    if n_runs > MAX_RUNS:
        raise InputError(f"{where} describes {n_runs:,} runs; the limit is {MAX_RUNS:,}.")
    for values in product(*(options[key] for key in order)):
        yield dict(zip(order, values, strict=True))


def _options(table: dict[str, Any], kinds: Kinds, where: str) -> dict[str, list[object]]:
    """The values of each key; more than one if a list is given for a single value."""
    options: dict[str, list[object]] = {}
    for written, value in table.items():
        key = written.replace("-", "_")
        if key not in kinds:
            close = get_close_matches(key[:40], kinds, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; the options are {listed(kinds)}."
            raise InputError(f"{where}: '{shown(written)}' is not an option of a run{hint}")
        if key in options:
            raise InputError(f"{where}: {key} is given twice, with - and with _.")
        try:
            options[key] = _values(value, kinds[key])
        except ValueError as error:
            raise InputError(f"{where}: {key} {error}.") from None
    return options


def _values(value: object, kind: Any) -> list[object]:
    plain, setting = bare_type(kind), setting_of(kind)
    if get_origin(plain) is tuple:
        return [_sequence(value, get_args(plain)[0])]
    if not isinstance(value, list):
        return [_single(value, plain, setting)]
    if not value:
        raise ValueError("is an empty list")
    return [_single(item, plain, setting) for item in value]


def _sequence(value: object, kind: Any) -> tuple[object, ...]:
    if isinstance(value, str) and kind is str:
        value = [word.strip() for word in value.split(",")]
    items = value if isinstance(value, list) else [value]
    if not items:
        raise ValueError("is an empty list")
    return tuple(_single(item, kind) for item in items)


def _single(value: object, kind: Any, setting: Setting | None = None) -> object:
    converted = _converted(value, kind)
    if fault := item_fault(kind, converted, setting):
        raise ValueError(fault)
    return converted


def _converted(value: object, kind: Any) -> object:
    """A value of TOML as one of Python: text as a path, a whole number as a float."""
    if kind in (str, Path):
        if fault := text_fault(value):
            raise ValueError(fault)
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return value


def _read(path: Path) -> dict[str, Any]:
    file = printable(str(path))
    raw = read_small(path, expected="give a TOML file of runs", kind="a list of runs")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not TOML: {printable(str(error))}.") from None
    except (RecursionError, ValueError):
        raise InputError(
            f"{file} cannot be read as TOML: it is nested too deeply or has a number that is too long."
        ) from None
