"""One example: its prompts in every language, and its types by layer against the mean."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from rich.cells import cell_len

from neurontui.tui.charts.builders.heat_text import HeatToken, heat_window, largest
from neurontui.tui.charts.builders.prompt_beginnings import (
    COMMON,
    beginnings,
    cut_words,
    shared_beginning,
    without_beginning,
)
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.palette import DARK, LETTERS, SHORT, TYPES, Palette, ink_of
from neurontui.tui.charts.spans import Span, Spans, width_of
from neurontui.tui.charts.terminal.blocks import spark
from neurontui.tui.common.number_formats import count, percent, signed
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.common.table_fields import Field
from neurontui.tui.common.token_words import token_words


def example_fields(table: pa.Table, width: int) -> tuple[Field, ...]:
    """Columns of the list of examples. What all prompts begin with is left out where it would hide the rest."""
    prompts = [str(prompt) for prompt in table.column("prompt").slice(0, 200).to_pylist()]
    shared = shared_beginning(prompts)
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


def prompt_lines(
    table: pa.Table,
    width: int,
    heat: Mapping[str, Sequence[HeatToken]] | None = None,
    palette: Palette = DARK,
    of_run: pa.Table | None = None,
) -> list[Spans]:
    """A line per language: code, prompt, the model's answer, and the rank of the expected one, such as 3/12.

    heat: a neuron's activation at the tokens of the prompt in each language, drawn over the words. of_run: what all
    prompts of a language begin with. The beginning that prompts share is left out where they do not fit; then a last
    line says how long it is.
    """
    rows = table.to_pylist()
    skip, heat = beginnings(table, of_run), heat or {}
    extent = largest(token for tokens in heat.values() for token in tokens)
    cut: dict[str, int] = {}
    lines = []
    for row in rows:
        parts = _Parts.of(row, width)
        language, prompt = row["language"], str(row["prompt"])
        if cell_len(clean(prompt)) > parts.room and skip[language]:
            cut[language] = skip[language]
        tokens = without_beginning(heat.get(language, ()), prompt, cut.get(language, 0))
        lines.append(_prompt(row, parts, cut.get(language, 0), heat_of(tokens, extent, palette)))
    return [*lines, *([[Span(fit(cut_words(cut), width).rstrip(), "dim")]] if cut else [])]


@dataclass(frozen=True)
class _Parts:
    """The end of a prompt's line, and the cells that are left for the prompt."""

    tail: str
    rank: str
    room: int

    @staticmethod
    def of(row: Mapping[str, object], width: int) -> "_Parts":
        """The model's answer and the rank of the expected one."""
        answer = "" if row["prediction"] is None else clean(row["prediction"]).strip()
        tail = fit(answer, min(max(cell_len(answer), 6), 16)) if answer else ""
        rank = "" if row["rank"] is None else f" {row['rank']}/{row['n_candidates']}"
        return _Parts(tail, rank, max(width - 5 - cell_len(tail) - len(rank) - 3, 8))


HeatOf = Callable[[int], Spans]
"""Heat over a prompt in some cells."""


def heat_of(tokens: Sequence[HeatToken], extent: float, palette: Palette) -> HeatOf | None:
    """A prompt as heat, in the cells that there are; None without tokens."""
    return (lambda room: heat_window(tokens, room, extent, palette)) if tokens else None


def _prompt(row: Mapping[str, object], parts: _Parts, cut: int, heat: HeatOf | None) -> Spans:
    mark, role = ("✓", "good") if row["correct"] else ("✗", "bad") if row["correct"] is False else (" ", "dim")
    begin = "…" if cut else ""
    words: list[Span] = [Span(fit(begin + str(row["prompt"])[cut:], parts.room) + " ", "text")]
    if heat is not None:
        words = list(heat(parts.room - len(begin)))
        if begin and words[:1] and words[0].text != begin:
            words.insert(0, Span(begin, "dim"))
        words.append(Span(" " * (parts.room - width_of(words) + 1)))
    return [
        Span(fit(row["language"], 4), "first", bold=True),
        *words,
        Span(f"{mark} ", role, bold=True),
        Span(parts.tail, role),
        *([Span(parts.rank, "dim")] if parts.rank else []),
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
