"""Many runs from one file: TOML with [defaults] and one [[run]] table a run.

    [defaults]
    out = "paper.duckdb"

    [[run]]
    model = ["bigscience/bloomz-560m", "bigscience/bloomz-3b"]
    task = "xnli"

Keys are the names of the run options, spelt with - or _. A table's keys go before the defaults. A list
where one value is meant stands for one run a value (two runs here); several such lists are combined.
Knows nothing about runs: which keys there are, and of what type, is the caller's.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from neurontui.compute.tasks.text import listed, printable, shown, text_fault
from neurontui.store.errors import InputError

MAX_BYTES = 1 << 20
MAX_RUNS = 10_000

Kinds = Mapping[str, Any]
"""Key to type: str, int, float, bool, Path, Literal[…], tuple[one of them, ...], or any of these | None."""


def read_paper_file(path: Path, kinds: Kinds, required: Sequence[str] = ("model", "task")) -> list[dict[str, object]]:
    """The options of each run, in order, checked against `kinds`; the model changes slowest.

    Raises InputError that names the file, the table and the key.
    """
    file = printable(path.name)
    tables = _read(path)
    strange = [key for key in tables if key not in ("defaults", "run")]
    if strange:
        raise InputError(f"{file}: '{shown(strange[0])}' is no table; there are [defaults] and [[run]].")
    defaults = tables.get("defaults", {})
    runs = tables.get("run", [])
    if not isinstance(defaults, dict):
        raise InputError(f"{file}: defaults must be a table, written [defaults].")
    if not isinstance(runs, list) or not all(isinstance(each, dict) for each in runs):
        raise InputError(f"{file}: runs must be tables, each written [[run]].")
    if not runs:
        raise InputError(f"{file} has no run; write one [[run]] table for each.")
    common = _options(defaults, kinds, f"{file}, [defaults]")
    found: list[dict[str, object]] = []
    for number, run in enumerate(runs, 1):
        found += _expanded(run, common, kinds, required, f"{file}, [[run]] {number}")
        if len(found) > MAX_RUNS:
            raise InputError(f"{file} stands for more than {MAX_RUNS:,} runs; split it.")
    return found


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
        raise InputError(f"{where} stands for {n_runs:,} runs; {MAX_RUNS:,} is the limit.")
    for values in product(*(options[key] for key in order)):
        yield dict(zip(order, values, strict=True))


def _options(table: dict[str, Any], kinds: Kinds, where: str) -> dict[str, list[object]]:
    """The values that each key stands for; more than one where a list is given for a single value."""
    options: dict[str, list[object]] = {}
    for written, value in table.items():
        key = written.replace("-", "_")
        if key not in kinds:
            close = get_close_matches(key[:40], kinds, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; there are {listed(kinds)}."
            raise InputError(f"{where}: '{shown(written)}' is no option of a run{hint}")
        if key in options:
            raise InputError(f"{where}: {key} is there twice, spelt with - and with _.")
        try:
            options[key] = _values(value, _without_none(kinds[key]))
        except ValueError as error:
            raise InputError(f"{where}: {key} {error}.") from None
    return options


def _values(value: object, kind: Any) -> list[object]:
    if get_origin(kind) is tuple:
        return [_sequence(value, get_args(kind)[0])]
    if not isinstance(value, list):
        return [_single(value, kind)]
    if not value:
        raise ValueError("is an empty list")
    return [_single(each, kind) for each in value]


def _sequence(value: object, kind: Any) -> tuple[object, ...]:
    if isinstance(value, str) and kind is str:
        value = [word.strip() for word in value.split(",")]
    items = value if isinstance(value, list) else [value]
    if not items:
        raise ValueError("is an empty list")
    return tuple(_single(item, kind) for item in items)


def _single(value: object, kind: Any) -> object:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"must be one of {listed(map(repr, get_args(kind)))}")
        return value
    if kind in (str, Path):
        if fault := text_fault(value):
            raise ValueError(fault)
        return kind(value)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _finite(value)
    raise ValueError(f"must be {_NAMES[kind]}")


_NAMES = {bool: "true or false", int: "a whole number", float: "a number"}


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    return number


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (UnionType, Union):
        return next(each for each in get_args(kind) if each is not NoneType)
    return kind


def _read(path: Path) -> dict[str, Any]:
    file = printable(str(path))
    if path.exists() and not path.is_file():
        raise InputError(f"{file} is no file; name a TOML file of runs.")
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its name is no file name"
        raise InputError(f"Cannot read {file}: {reason}.") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{file} is larger than {MAX_BYTES >> 20} MiB; is it a list of runs?")
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{file} is not UTF-8; save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file} is not TOML: {printable(str(error))}.") from None
    except (RecursionError, ValueError):
        raise InputError(f"{file} is not TOML that can be read: it nests too deeply or has a giant number.") from None
