"""One example: its prompts in every language, and its types by layer against the mean."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
from rich.cells import cell_len

from neurontui.tui.charts.builders.heat_text import HeatToken, heat_window, largest
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.palette import DARK, LETTERS, SHORT, TYPES, Palette, ink_of
from neurontui.tui.charts.spans import Span, Spans, width_of
from neurontui.tui.charts.terminal.blocks import spark
from neurontui.tui.common.number_formats import count, percent, signed
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.common.table_fields import Field
from neurontui.tui.common.token_words import token_words

COMMON = 10
"""Characters that all prompts have to begin with before a list leaves them out."""


def example_fields(table: pa.Table, width: int) -> tuple[Field, ...]:
    """Columns of the list of examples. What all prompts begin with is left out where it would hide the rest."""
    prompts = [str(prompt) for prompt in table.column("prompt").slice(0, 200).to_pylist()]
    shared = _common(prompts) if len(prompts) > 1 else 0
    skip = shared if shared >= COMMON and 2 * shared > width - 10 else 0

    def shown(prompt: object) -> str:
        return f"…{str(prompt)[skip:]}" if skip else str(prompt)

    judged = any(table.column("n_answered").slice(0, 200).to_pylist())
    right = (Field("n_correct", "✓", right=True),) if judged else ()
    return (
        Field("example", "#", right=True),
        *right,
        Field("prompt", "prompt", shown, stretch=True),
    )


def _common(texts: list[str]) -> int:
    """Characters that all texts begin with, up to the last word that they share whole."""
    first, last = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first.rfind(" ", 0, same) + 1


def prompt_lines(
    table: pa.Table, width: int, heat: Mapping[str, Sequence[HeatToken]] | None = None, palette: Palette = DARK
) -> list[Spans]:
    """A line per language: code, prompt, the model's answer, and the rank of the expected one, such as 3/12.

    heat: a neuron's activation at the tokens of the prompt in each language, drawn over the words. Without it, what all
    prompts begin with is left out where a prompt does not fit.
    """
    rows = table.to_pylist()
    prompts = [str(row["prompt"]) for row in rows]
    shared = _common(prompts) if len(prompts) > 1 else 0
    skip = shared if shared >= COMMON else 0
    heat = heat or {}
    extent = largest(token for tokens in heat.values() for token in tokens)
    return [_prompt(row, width, skip, heat_of(heat.get(row["language"], ()), extent, palette)) for row in rows]


HeatOf = Callable[[int], Spans]
"""Heat over a prompt in some cells."""


def heat_of(tokens: Sequence[HeatToken], extent: float, palette: Palette) -> HeatOf | None:
    """A prompt as heat, in the cells that there are; None without tokens."""
    return (lambda room: heat_window(tokens, room, extent, palette)) if tokens else None


def _begun(prompt: object, room: int, skip: int) -> str:
    """The prompt in some cells; if it does not fit, without its first characters."""
    text = str(prompt)
    return fit(f"…{text[skip:]}" if skip and cell_len(clean(text)) > room else text, room)


def _prompt(row: dict[str, object], width: int, skip: int, heat: HeatOf | None) -> Spans:
    answer = "" if row["prediction"] is None else clean(row["prediction"]).strip()
    mark, role = ("✓", "good") if row["correct"] else ("✗", "bad") if row["correct"] is False else (" ", "dim")
    tail = fit(answer, min(max(cell_len(answer), 6), 16)) if answer else ""
    rank = "" if row["rank"] is None else f" {row['rank']}/{row['n_candidates']}"
    room = max(width - 5 - cell_len(tail) - len(rank) - 3, 8)
    words: list[Span] = [Span(_begun(row["prompt"], room, skip) + " ", "text")]
    if heat is not None:
        words = [*heat(room)]
        words.append(Span(" " * (room - width_of(words) + 1)))
    return [
        Span(fit(row["language"], 4), "first", bold=True),
        *words,
        Span(f"{mark} ", role, bold=True),
        Span(tail, role),
        *([Span(rank, "dim")] if rank else []),
    ]


def full_lines(table: pa.Table, width: int) -> list[Spans]:
    """Everything about an example, wrapped: prompt, answer, prediction, rank, tokens."""
    lines: list[Spans] = []
    for row in table.to_pylist():
        lines.append(
            [
                Span(clean(row["language"]), "first", bold=True),
                Span(f"   {clean(row['id'])}", "dim"),
            ]
        )
        lines += [[Span("  " + line)] for line in wrapped(row["prompt"], width - 2)]
        for word, column in (("answer", "answer"), ("model", "prediction")):
            if row[column] is not None:
                role = "text" if column == "answer" else "good" if row["correct"] else "bad"
                lines += [
                    [Span(f"  {word if first else '':<8}", "dim"), Span(line, role)]
                    for first, line in _first(wrapped(row[column], width - 10))
                ]
        if row["rank"] is not None:
            lines.append([Span(f"  rank    {_rank_words(row)}", "dim")])
        if row["output_language"] is not None:
            language = clean(row["output_language"]).replace("und", "undetermined")
            lines.append([Span(f"  in      language of the output: {language}", "dim")])
        last = repr(clean(row["last_token"]))[1:-1]
        where = token_words(row["token"])
        lines += [[Span(f"  {row['n_tokens']} tokens, read at {where}: “{last}”", "dim")], []]
    return lines


def _rank_words(row: dict[str, object]) -> str:
    """The rank of the expected answer and its log-probability."""
    logprob = f"log-probability {signed(row['answer_logprob'])} nats"
    return f"{row['rank']} of {row['n_candidates']} candidates · {logprob}"


def _first(lines: list[str]) -> list[tuple[bool, str]]:
    return [(index == 0, line) for index, line in enumerate(lines)]


def detail_lines(table: pa.Table, width: int) -> list[Spans]:
    """A line a type: its ratio in this example over the layers, its mean here and over all examples."""
    means = width >= 40
    room = max(width - (22 if means else 11), 14)
    lines: list[Spans] = [
        [
            Span(f"{'types by layer, own scales' if means else 'types by layer':<{room}}", "text", bold=True),
            Span(f"{'here':>9}{'mean':>9}" if means else f"{'here':>7}", "dim"),
        ]
    ]
    rows = table.to_pylist()
    layers = sorted({row["layer"] for row in rows})
    for name in TYPES:
        own = {row["layer"]: row for row in rows if row["type"] == name}
        here = [number(own[layer]["ratio"]) if layer in own else None for layer in layers]
        mean = [number(own[layer]["mean"]) if layer in own else None for layer in layers]
        known = [value for value in here + mean if value is not None]
        if not known:
            continue
        room = max(width - 16 - 18 - 4, 6)
        drawn = spark(here, min(known), max(known), min(room, 12 * len(layers)))
        lines.append(
            [
                Span(f"{LETTERS[name]} ", ink_of(name), bold=True),
                Span(fit(SHORT[name], 14), "dim"),
                Span(fit(drawn, room), ink_of(name)),
                Span(f"{percent(_average(here)):>7} %", "text"),
                Span(f"{percent(_average(mean)):>7} %" if means else "", "dim"),
            ]
        )
    return lines


def _average(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _letter(name: object) -> str:
    return f"{LETTERS.get(str(name), '?')} {SHORT.get(str(name), str(name))}"


def _percent2(value: object) -> str:
    return "–" if value is None else f"{float(str(value)):.2f}"


TOP_FIELDS = (
    Field("layer", "layer", count, right=True),
    Field("neuron", "neuron", str, right=True),
    Field("language", "lang", str, rank=1),
    Field("type", "type here", _letter, rank=3),
    Field("contribution", "CS %", _percent2, right=True),
    Field("effect", "ES", signed, right=True, rank=2),
)

_SHARES = (
    Field("layer", "layer", count, right=True),
    Field("neuron", "neuron", right=True),
    Field("active_right", "right %", percent, right=True, rank=1),
    Field("active_wrong", "wrong %", percent, right=True, rank=1),
)
HERE_FIELDS = (*_SHARES, Field("languages", "active in", " ".join, rank=2))
"""Columns of neurons of one example that are active where the answer is right."""
OVERALL_FIELDS = (
    *_SHARES,
    Field("difference", "points", lambda points: f"{points:+.1f}", right=True),
    Field("half", "±", percent, right=True),
)
"""Columns of neurons that are more active with right answers: the difference, and half its 95 % interval."""
