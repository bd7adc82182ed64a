"""One neuron as lines: its types over the examples, its languages, its tokens, its scores."""

from collections.abc import Sequence
from itertools import groupby, zip_longest
from typing import Any

import pyarrow as pa
from rich.cells import cell_len

from neurontui.tui.charts.builders.heat_text import HeatToken, heat_lines, heat_tokens, heat_words
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.charts.palette import LETTERS, SHORT, TYPES, Palette, ink_of
from neurontui.tui.charts.spans import Span, Spans, width_of
from neurontui.tui.charts.terminal.blocks import bar
from neurontui.tui.common.number_formats import percent, plain_value, signed
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.common.table_fields import Field

STRONGEST_FIELDS = (
    Field("rank", "#", right=True),
    Field("activation", "A", lambda value: "–" if value is None else f"{value:.3f}", right=True),
    Field("language", "lang"),
    Field("example", "example", right=True),
    Field("prompt", "strongest inputs", stretch=True),
)

SIMILAR_FIELDS = (
    Field("layer", "layer", right=True),
    Field("neuron", "neuron", right=True),
    Field("difference", "differs by", lambda value: f"{value:.2f} points", right=True),
    Field("tokens", "tokens %", percent, right=True),
    Field("language", "most in", rank=1),
    Field("largest", "% there", percent, right=True, rank=1),
)
"""Columns of neurons with a similar share of active tokens in every language."""
TWO_SIDES = 60
"""Least width for two columns of tokens."""

EXPLANATION = ("CS: share of the layer's output", "ES: effect on the answer's logit")
"""What the scores are."""


def type_lines(table: pa.Table, width: int) -> list[Spans]:
    """A bar a type: in what share of the examples the neuron has it, and with which languages most often."""
    rows = {row["type"]: row for row in table.to_pylist()}
    examples = next((row["n_examples"] for row in rows.values()), 0)
    head: Spans = [Span("types", "text", bold=True), Span(f"  % of {examples:,} examples", "dim")]
    known = [name for name in TYPES if name in rows and rows[name]["share"] is not None]
    return [head, *(_type(name, rows[name], width) for name in known)]


def _type(name: str, row: dict[str, Any], width: int) -> Spans:
    tongues = " ".join(row["languages"] or ()) if name in ("specific", "partial-shared") else ""
    words = 14 if width >= 44 else 6 if width >= 34 else 0
    room = max(width - 16 - 7 - words, 2)
    return [
        Span(f"{LETTERS[name]} ", ink_of(name), bold=True),
        Span(fit(SHORT[name], 14), "dim"),
        Span(bar(number(row["share"]), 100.0, room), ink_of(name), "rule"),
        Span(f"{percent(row['share']):>6} "),
        Span(fit(tongues, words), "dim"),
    ]


def language_lines(table: pa.Table, width: int) -> list[Spans]:
    """A bar a language: in what share of the examples the neuron is active, with CS and ES where measured."""
    rows = table.to_pylist()
    scores = 2 if any(row["contribution"] is not None for row in rows) else 0
    scores = min(scores, max((width - 16 - 8) // 7, 0))  # ES, then CS, is left out where there is no room
    tail = f"{'tokens':>8}{'CS %':>7}{'ES':>7}"[: 8 + 7 * scores]
    room = max(width - 5 - 7 - len(tail), 4)
    words = "  % of examples" if width - len(tail) >= 24 else "  %"
    lines: list[Spans] = [
        [
            Span("active in", "text", bold=True),
            Span(fit(words, max(width - 9 - len(tail), 0)) + tail, "dim"),
        ]
    ]
    for row in rows:
        words = f"{percent(row['tokens']):>8}{_two(row['contribution']):>7}{signed(row['effect']):>7}"[: len(tail)]
        lines.append(
            [
                Span(fit(row["language"], 4) + " ", "dim"),
                Span(bar(number(row["active"]), 100.0, room), "first", "rule"),
                Span(f"{percent(row['active']):>6} "),
                Span(words, "dim"),
            ]
        )
    return lines


def token_lines(table: pa.Table, width: int) -> list[Spans]:
    """Tokens that the neuron's value vector raises and lowers, strongest first."""
    lines: list[Spans] = []
    for direction, role in (("promotes", "good"), ("suppresses", "bad")):
        tokens = [f"“{clean(row['token'])}”" for row in table.to_pylist() if row["direction"] == direction]
        if tokens:
            lines.append(
                [
                    Span(fit(direction, 11), "dim"),
                    Span(fit(" ".join(tokens), max(width - 11, 8)), role),
                ]
            )
    return lines


def token_bars(table: pa.Table, width: int) -> list[Spans]:
    """Promoted and suppressed tokens side by side, each with a bar of its logit; on top of each other if narrow."""
    rows = table.to_pylist()
    most = max((abs(row["logit"]) for row in rows), default=0.0)
    sides = [[row for row in rows if row["direction"] == direction] for direction in ("promotes", "suppresses")]
    if not rows:
        return []
    if width < TWO_SIDES:
        return [line for side in sides for line in _side(side, most, width)]
    half = (width - 2) // 2
    left, right = (_side(side, most, half) for side in sides)
    return [
        [*one, Span(" " * (half + 2 - width_of(one))), *other] for one, other in zip_longest(left, right, fillvalue=())
    ]


def _side(rows: Sequence[dict[str, Any]], most: float, width: int) -> list[Spans]:
    """A heading, and a line a token: the whole token if it fits into half of the width, its bar and its logit."""
    if not rows:
        return []
    role = "good" if rows[0]["direction"] == "promotes" else "bad"
    tokens = [f"“{clean(row['token'])}”" for row in rows]
    longest = min(max(map(cell_len, tokens)), max(width // 2, 8))
    room = max(width - longest - 10, 4)
    lines: list[Spans] = [[Span(rows[0]["direction"], "dim"), Span("  logit of each token", "dim")]]
    for token, row in zip(tokens, rows, strict=True):
        drawn = bar(abs(row["logit"]), most, room)
        lines.append([Span(fit(token, longest) + " "), Span(drawn, role), Span(f"{signed(row['logit']):>8}")])
    return lines


def heat_of_inputs(table: pa.Table) -> dict[tuple[int, str], list[HeatToken]]:
    """Tokens of each input by example and language, from what `neuron-token-values` returns."""
    inputs = groupby(table.to_pylist(), key=lambda row: (row["example"], row["language"]))
    return {name: heat_tokens(rows) for name, rows in inputs}


def heated_input_lines(
    row: dict[str, Any], tokens: Sequence[HeatToken], width: int, extent: float, palette: Palette
) -> list[Spans]:
    """One of the strongest inputs in full, as heat over its words if its tokens are known."""
    head, *lines = input_lines(row, width)
    if not tokens:
        return [head, *lines]
    heated = heat_lines(tokens, max(width - 2, 20), extent, palette)
    return [[*head, Span(f"  {heat_words(tokens)}", "dim")], *([Span("  "), *line] for line in heated)]


def input_lines(row: dict[str, Any], width: int) -> list[Spans]:
    """One of the strongest inputs in full; what `neuron-examples` returns."""
    head: Spans = [
        Span(clean(row["language"]), "first", bold=True),
        Span(f"  example {row['example']}", "dim"),
    ]
    return [head, *([Span("  " + line)] for line in wrapped(row["prompt"], max(width - 2, 20)))]


def score_lines(card: dict[str, Any], width: int = 36) -> list[Spans]:
    """Contribution and effect, the means alone where there is no room; empty where they were not measured."""
    if card.get("contribution") is None:
        return []
    share = f"  top 5 % in {percent(card['top'])} %"
    lines = [_score("CS", f"mean {_two(card['contribution'])} %", share, width)]
    if card.get("effect") is not None:
        reach = f"  {signed(card['effect_min'])} to {signed(card['effect_max'])}"
        lines.append(_score("ES", f"mean {signed(card['effect'])}", reach, width))
    return [*lines, *([Span(words, "dim")] for words in EXPLANATION[: len(lines)])]


def _score(name: str, mean: str, more: str, width: int) -> Spans:
    fits = len(name) + 1 + len(mean) + len(more) <= width
    return [Span(f"{name} ", "dim"), Span(mean), Span(more if fits else "", "dim")]


def _two(value: Any) -> str:
    return plain_value(value) if value is None else f"{value:.2f}"
