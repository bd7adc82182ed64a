"""Runs as rows of a table, and one run in words."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neurontui.tui.charts.spans import Span, Spans
from neurontui.tui.common.number_formats import count, duration, percent, plain_value
from neurontui.tui.common.sanitize import clean, fit, shorten
from neurontui.tui.common.table_fields import Field
from neurontui.tui.common.token_words import token_words
from neurontui.tui.explorer.run_catalog import RunInfo

WARNING = "prompts"
"""The topic of notes that warn about what the model read."""

WITH_RANKS = 92
"""Columns of the terminal at which a language's line also has the rank."""

_NARROW = (
    Field("mark", " "),
    Field("run", "#", right=True),
    Field("name", "run", stretch=True),
    Field("n_languages", "langs", count, right=True, rank=1),
    Field("n_examples", "examples", count, right=True, rank=1),
    Field("n_layers", "layers", count, right=True, rank=2),
    Field("n_neurons", "neurons", count, right=True, rank=2),
    Field("accuracy", "right %", percent, right=True),
)
_WIDE = (
    *_NARROW,
    Field("first", "rank 1 %", percent, right=True, rank=1),
    Field("first_chance", "chance %", percent, right=True, rank=1),
    Field("architecture", "architecture", rank=3),
    Field("dtype", "dtype", rank=3),
    Field("started", "started", plain_value, rank=3),
    Field("seconds", "took", duration, right=True, rank=3),
)


_FILE = Field("file", "file", lambda path: shorten(Path(path).name, 20))


def run_fields(width: int, n_files: int = 1) -> tuple[Field, ...]:
    """Columns that fit the width; with several files, the file name replaces the least important columns."""
    fields = _WIDE if width >= 120 else _NARROW
    if n_files == 1:
        return fields
    return (*(field for field in fields if field.column not in ("n_layers", "dtype")), _FILE)


def run_details(run: RunInfo, width: int) -> list[Spans]:
    """Everything about a run, in pairs of word and value."""
    pairs = [
        (
            "model",
            f"{run.get('model')}" + (f" @ {run.get('revision')}" if run.get("revision") else ""),
        ),
        ("architecture", f"{run.get('architecture')} · {run.get('dtype')} on {run.get('device')}"),
        (
            "task",
            " · ".join(str(x) for x in (run.get("task"), run.get("setting")) if x) + _shots(run),
        ),
        ("languages", " ".join(run.languages)),
        ("active", f"A > {run.threshold:g}" + _place(run) + _others(run)),
        ("measured", _when(run)),
        *((("answers", answer_words(run.get)),) if run.get("accuracy") is not None else ()),
        ("key", run.key[:12]),
        ("file", near(run.file)),
    ]
    lines: list[Spans] = [[Span(run.name, "text", bold=True)]]
    for word, value in pairs:
        lines += _pair(word, value, width)
    return lines


def warning_words(count: int, here: bool) -> str:
    """A marker for the first line of a screen; empty without warnings."""
    return f"! {count} warning{'s' * (count > 1)}: see {'below' if here else 'Runs'}" if count else ""


def warning_lines(notes: list[dict[str, Any]], width: int) -> list[Spans]:
    """Warnings about what the model read, in full."""
    texts = [str(note["text"]) for note in notes if note["topic"] == WARNING]
    return [[Span(part.text, "bad") for part in line] for text in texts for line in _pair("! warning", text, width)]


def notes_lines(notes: list[dict[str, Any]], width: int) -> list[Spans]:
    """What else a reader of the run should know."""
    return [
        line
        for note in notes
        if note["topic"] != WARNING
        for line in _pair(f"! {note['topic']}", str(note["text"]), width)
    ]


def language_lines(rows: list[dict[str, Any]], width: int) -> list[Spans]:
    """A line a language: name, family, tokens of a prompt, accuracy, rank if it fits, and the token of measurement."""
    ranked = width >= WITH_RANKS and any(row["first"] is not None for row in rows)
    ranks = f" {'rank 1 %':>9} {'chance %':>9}" if ranked else ""
    head = f"  {'languages':<20} {'family':<16} {'tokens':>7} {'right %':>8}{ranks}  read at"
    lines: list[Spans] = [[], [Span(head, "dim")]]
    for row in rows:
        last = "–" if row["last_token"] is None else f"“{clean(row['last_token']).strip()}”"
        share = "" if row["last_token_share"] is None else f"  in {row['last_token_share']:.0f} %"
        lines.append(
            [
                Span(f"  {fit(row['language'], 4)}", "first", bold=True),
                Span(f" {fit(row['name'] or '', 15)} {fit(row['family'] or '', 16)}"),
                Span(f" {_one(row['tokens']):>7} {percent(row['accuracy']):>8}"),
                Span(f" {percent(row['first']):>9} {percent(row['first_chance']):>9}  " if ranked else "  "),
                Span(fit(f"{last}{share}", max(width - 58 - len(ranks), 10)), "dim"),
            ]
        )
    return lines


def answer_words(value_of: Callable[[str], Any]) -> str:
    """Accuracy, and how often the expected answer is the most likely candidate; `value_of` takes a column of `runs`."""
    right = f"{percent(value_of('accuracy'))} % right"
    if value_of("first") is None:
        return right
    return f"{right} · rank 1 in {percent(value_of('first'))} %, by chance in {percent(value_of('first_chance'))} %"


def _one(value: Any) -> str:
    return "–" if value is None else f"{value:.1f}"


def near(path: str) -> str:
    """A path as one would type it from here."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return path


def _pair(word: str, value: str, width: int) -> list[Spans]:
    wrapped = textwrap.wrap(clean(value), max(width - 16, 20)) or [""]
    first = [Span(f"  {clean(word):<13} ", "dim"), Span(wrapped[0])]
    return [first, *([Span(" " * 16), Span(line)] for line in wrapped[1:])]


def _shots(run: RunInfo) -> str:
    shots = run.get("n_shots", 0)
    return f" · {shots} demonstrations in front" if shots else ""


def _place(run: RunInfo) -> str:
    """The token of measurement, if it is not the last of the prompt."""
    place = run.get("token", "last")
    return "" if place == "last" else f" at {token_words(place)} token"


def _others(run: RunInfo) -> str:
    others = [f"{threshold:g}" for threshold in run.thresholds[1:]]
    return f" (also measured: {', '.join(others)})" if others else ""


def _when(run: RunInfo) -> str:
    started, seconds = plain_value(run.get("started")), duration(run.get("seconds"))
    kind = "" if run.is_corpus else "prompt "
    return f"{started} UTC, in {seconds}, {count(run.get('tokens'))} {kind}tokens"
