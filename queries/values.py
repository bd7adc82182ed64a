"""Parameter values: from what a caller or the command line gives, checked against the run, to SQL literals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neurontui.queries.header import Parameter
from neurontui.store.errors import UsageError
from neurontui.store.languages.tags import short_code

Value = None | bool | int | float | str | list[str] | list[int]

LISTED = 15
"""Up to so many languages a run lists its masks, and any of them can be asked for."""

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


@dataclass(frozen=True)
class Run:
    """What parameters are checked against."""

    number: int
    name: str
    key: str
    languages: tuple[str, ...]
    thresholds: tuple[float, ...]
    """Those measured; the run's own comes first."""


def find_run(runs: Sequence[Run], wanted: object) -> Run:
    """The run with this number, name, or beginning of its key; None is the last one. Raises UsageError."""
    if not runs:
        raise UsageError("The results file holds no run yet; measure one with `neurontui run`.")
    if wanted is None:
        return runs[-1]
    text = str(wanted)
    found = (
        [run for run in runs if str(run.number) == text]
        or [run for run in runs if run.name == text]
        or [run for run in runs if len(text) >= 4 and run.key.startswith(text)]
    )
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"{run.number} ({run.name}, {run.key[:12]})" for run in found or runs)
    if found:
        raise UsageError(f"'{text}' names several runs; choose one by its number: {there}.")
    raise UsageError(f"There is no run '{text}'; there are: {there}.")


def resolve(parameters: Sequence[Parameter], given: Mapping[str, object], runs: Sequence[Run]) -> dict[str, Value]:
    """A value for every parameter. Runs are found first; languages and thresholds are checked against them."""
    known = {each.name for each in parameters}
    for name in given:
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise UsageError(f"The query has no parameter '{name}'; it has: {there}.")
    for each in parameters:
        if each.required and given.get(each.name) is None:
            raise UsageError(f"The query needs a value for '{each.name}': {each.description}")
    chosen = {
        each.name: find_run(runs, given.get(each.name))
        for each in parameters
        if each.kind == "run" and not _left_out(each, given.get(each.name))
    }
    return {each.name: _value(each, given.get(each.name), chosen) for each in parameters}


def require_all_of_many(query: str, values: Mapping[str, Value], runs: Sequence[Run]) -> None:
    """Raise UsageError where some of a run's languages are asked for, of more than its masks are listed for."""
    asked = {values.get("run"), values.get("other")}
    chosen = values.get("languages")
    for run in runs:
        n = len(run.languages)
        if run.number in asked and n > LISTED and isinstance(chosen, list) and len(chosen) < n:
            raise UsageError(
                f"Run {run.number} has {n} languages, and above {LISTED} {query} can only tell all of them together: "
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
        return "[" + ", ".join(literal(each) for each in value) + "]"
    return repr(value)


def _left_out(parameter: Parameter, value: object) -> bool:
    return value is None and parameter.default == "NULL"


def _value(parameter: Parameter, given: object, runs: Mapping[str, Run]) -> Value:
    if parameter.kind == "run":
        return runs[parameter.name].number if parameter.name in runs else None
    if parameter.kind == "languages":
        of = list(runs.values()) if parameter.default == "common" else [runs["run"]]
        return _languages(given, of)
    if parameter.kind == "threshold":
        return _threshold(parameter, given, runs["run"])
    wanted = parameter.default if given is None else given
    if wanted is None or wanted == "NULL":
        return None
    if parameter.kind == "language":
        return _language(str(wanted), [runs["run"]])
    return _plain(parameter, wanted)


def _plain(parameter: Parameter, wanted: object) -> Value:
    """A value that does not depend on the run."""
    if parameter.kind == "text":
        return str(wanted)
    if parameter.kind == "choice":
        return _choice(parameter, str(wanted))
    if parameter.kind == "boolean":
        return _boolean(parameter, wanted)
    try:
        if parameter.kind == "integers":
            return [int(each) for each in _parts(wanted)]
        if parameter.kind == "integer":
            return int(str(wanted))
        return float(str(wanted))
    except ValueError:
        raise UsageError(f"'{wanted}' cannot be the {parameter.kind} that '{parameter.name}' asks for.") from None


def _languages(given: object, runs: Sequence[Run]) -> list[str]:
    """Codes in the order of the first run's bits; by default all that every one of the runs has."""
    common = [code for code in runs[0].languages if all(code in run.languages for run in runs)]
    if given is None or given in ("all", "common"):
        return common
    wanted = {_language(code, runs) for code in _parts(given)}
    if not wanted:
        raise UsageError(f"No language is chosen; the run has: {', '.join(common)}.")
    return [code for code in common if code in wanted]


def _language(code: str, runs: Sequence[Run]) -> str:
    """The run's own code for a language, whatever way `code` is written: tha_Thai and TH are th."""
    own = _own_code(code, runs[0].languages)
    for run in runs:
        if own not in run.languages:
            there = ", ".join(run.languages)
            raise UsageError(f"Run {run.number} has no language '{code}'; it has: {there}.")
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
        wanted = float(str(given))
    except ValueError:
        raise UsageError(f"'{given}' is not a number; '{parameter.name}' needs one.") from None
    if wanted not in run.thresholds:
        there = ", ".join(f"{each:g}" for each in sorted(run.thresholds))
        raise UsageError(f"Run {run.number} was not measured at threshold {wanted:g}, but at: {there}.")
    return wanted


def _choice(parameter: Parameter, wanted: str) -> str:
    if wanted not in parameter.choices:
        there = ", ".join(parameter.choices)
        raise UsageError(f"'{parameter.name}' cannot be '{wanted}'; choose one of: {there}.")
    return wanted


def _boolean(parameter: Parameter, wanted: object) -> bool:
    text = str(wanted).lower()
    if text not in _TRUE | _FALSE:
        raise UsageError(f"'{parameter.name}' is true or false, not '{wanted}'.")
    return text in _TRUE


def _parts(given: object) -> list[str]:
    """The items of a list, or of text with commas."""
    items = given.split(",") if isinstance(given, str) else given
    if not isinstance(items, Sequence):
        items = [items]
    return [str(each).strip() for each in items if str(each).strip()]
