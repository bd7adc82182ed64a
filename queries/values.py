"""Validates parameter values against the run and converts them to SQL literals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurontui.queries.header import Parameter
from neurontui.store.errors import UsageError
from neurontui.store.languages.tags import short_code

Value = None | bool | int | float | str | list[str] | list[int]

LISTED = 15
"""Runs with at most this many languages have counts by mask, so any subset of them can be selected."""

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


@dataclass(frozen=True)
class Run:
    """The properties of a run that validate parameters."""

    number: int
    name: str
    key: str
    languages: tuple[str, ...]
    thresholds: tuple[float, ...]
    """The measured thresholds; the run's own is the first."""


def find_run(runs: Sequence[Run], identifier: object) -> Run:
    """The run with this number, name or beginning of a key; the last run for None. Raises UsageError."""
    if not runs:
        raise UsageError("The results file holds no run yet; measure one with `neurontui run`.")
    if identifier is None:
        return runs[-1]
    text = str(identifier)
    matches = (
        [run for run in runs if str(run.number) == text]
        or [run for run in runs if run.name == text]
        or [run for run in runs if len(text) >= 4 and run.key.startswith(text)]
    )
    if len(matches) == 1:
        return matches[0]
    available = ", ".join(f"{run.number} ({run.name}, {run.key[:12]})" for run in matches or runs)
    if matches:
        raise UsageError(f"'{text}' matches several runs; choose one by its number: {available}.")
    raise UsageError(f"There is no run '{text}'; available: {available}.")


def resolve(parameters: Sequence[Parameter], given: Mapping[str, object], runs: Sequence[Run]) -> dict[str, Value]:
    """The value of every parameter. Runs are resolved first; languages and thresholds are validated against them."""
    names = {parameter.name for parameter in parameters}
    for name in given:
        if name not in names:
            raise UsageError(f"The query has no parameter '{name}'; it has: {', '.join(sorted(names)) or 'none'}.")
    for parameter in parameters:
        if parameter.required and given.get(parameter.name) is None:
            raise UsageError(f"The query needs a value for '{parameter.name}': {parameter.description}")
    selected = {
        parameter.name: find_run(runs, given.get(parameter.name))
        for parameter in parameters
        if parameter.kind == "run" and not _is_null(parameter, given.get(parameter.name))
    }
    return {parameter.name: _value(parameter, given.get(parameter.name), selected) for parameter in parameters}


def require_all_of_many(query: str, values: Mapping[str, Value], runs: Sequence[Run]) -> None:
    """Raise UsageError for a subset of the languages of a run with more than LISTED languages."""
    selected_runs = {values.get("run"), values.get("other")}
    languages = values.get("languages")
    for run in runs:
        n = len(run.languages)
        if run.number in selected_runs and n > LISTED and isinstance(languages, list) and len(languages) < n:
            raise UsageError(
                f"Run {run.number} has {n} languages; with more than {LISTED}, {query} needs all of them: "
                "leave 'languages' out."
            )


def literal(value: Value) -> str:
    """The value as an SQL literal."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return repr(value)


def _is_null(parameter: Parameter, value: object) -> bool:
    return value is None and parameter.default == "NULL"


def _value(parameter: Parameter, given: object, runs: Mapping[str, Run]) -> Value:
    if parameter.kind == "run":
        return runs[parameter.name].number if parameter.name in runs else None
    if parameter.kind == "languages":
        of = list(runs.values()) if parameter.default == "common" else [runs["run"]]
        return _languages(given, of)
    if parameter.kind == "threshold":
        return _threshold(parameter, given, runs["run"])
    value = parameter.default if given is None else given
    if value is None or value == "NULL":
        return None
    if parameter.kind == "language":
        return _language(str(value), [runs["run"]])
    return _plain(parameter, value)


def _plain(parameter: Parameter, value: object) -> Value:
    """A value that does not depend on the run."""
    if parameter.kind == "text":
        return str(value)
    if parameter.kind == "choice":
        return _choice(parameter, str(value))
    if parameter.kind == "boolean":
        return _boolean(parameter, value)
    try:
        if parameter.kind == "integers":
            return [int(part) for part in _parts(value)]
        if parameter.kind == "integer":
            return int(str(value))
        return float(str(value))
    except ValueError:
        raise UsageError(f"'{parameter.name}' needs a value of kind {parameter.kind}, not '{value}'.") from None


def _languages(given: object, runs: Sequence[Run]) -> list[str]:
    """Codes in the order of the first run's bits; by default all languages that every run has."""
    common = [code for code in runs[0].languages if all(code in run.languages for run in runs)]
    if given is None or given in ("all", "common"):
        return common
    selected = {_language(code, runs) for code in _parts(given)}
    if not selected:
        raise UsageError(f"No language is selected; the run has: {', '.join(common)}.")
    return [code for code in common if code in selected]


def _language(code: str, runs: Sequence[Run]) -> str:
    """The run's code for a language in any form: tha_Thai and TH become th."""
    own = _own_code(code, runs[0].languages)
    for run in runs:
        if own not in run.languages:
            raise UsageError(f"Run {run.number} has no language '{code}'; it has: {', '.join(run.languages)}.")
    return own


def _own_code(code: str, languages: Sequence[str]) -> str:
    if code in languages:
        return code
    short = short_code(code)
    return next((own for own in languages if short_code(own) == short), code)


def _threshold(parameter: Parameter, given: object, run: Run) -> float:
    if given is None or given == parameter.default:
        return run.thresholds[0]
    try:
        threshold = float(str(given))
    except ValueError:
        raise UsageError(f"'{given}' is not a number; '{parameter.name}' needs one.") from None
    if threshold not in run.thresholds:
        measured = ", ".join(f"{value:g}" for value in sorted(run.thresholds))
        raise UsageError(f"Run {run.number} was not measured at threshold {threshold:g}, but at: {measured}.")
    return threshold


def _choice(parameter: Parameter, value: str) -> str:
    if value not in parameter.choices:
        raise UsageError(f"'{parameter.name}' cannot be '{value}'; choose one of: {', '.join(parameter.choices)}.")
    return value


def _boolean(parameter: Parameter, value: object) -> bool:
    text = str(value).lower()
    if text not in _TRUE | _FALSE:
        raise UsageError(f"'{parameter.name}' is true or false, not '{value}'.")
    return text in _TRUE


def _parts(given: object) -> list[str]:
    """The items of a list, or of comma-separated text."""
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, Sequence):
        items = [items]
    return [str(item).strip() for item in items if str(item).strip()]
