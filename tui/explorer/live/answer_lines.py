"""An answer of a live prompt as lines: tokens with heat, answers before and after a change, next tokens, types."""

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest

import pyarrow as pa

from neurontui.compute.live.messages import TYPES, Answered, LanguageAnswer, NextToken, Outcome
from neurontui.tui.charts.builders.heat_text import HeatToken, heat_lines, heat_tokens
from neurontui.tui.charts.palette import LETTERS, Palette, ink_of, shade
from neurontui.tui.charts.palette import TYPES as FROM_SHARED
from neurontui.tui.charts.spans import Span, Spans, width_of
from neurontui.tui.common.number_formats import count, percent, signed
from neurontui.tui.common.sanitize import clean, fit
from neurontui.tui.common.table_fields import Field
from neurontui.tui.explorer.live.token_lines import visible, wrapped_spans

LABEL = 4
"""Cells of a language code."""
_GAP = 2

STRONGEST_FIELDS = (
    Field("layer", "layer", right=True, meaning="FFN layer, counted from 0"),
    Field("neuron", "neuron", right=True, meaning="Number of the neuron in its layer"),
    Field("type", "type", meaning="Its type in this example, over the languages asked"),
    Field("share", "CS %", percent, right=True, meaning="Contribution score: share of the layer, mean of languages"),
)


def answer_lines(answered: Answered, palette: Palette, width: int, where: str = "at the end") -> list[Spans]:
    """All languages, one block each. where: the token of measurement, in words."""
    most = max((abs(value) for answer in answered.languages for value in answer.heat), default=0.0)
    blocks = [_block(answer, most, palette, width, where) for answer in answered.languages]
    return [*_scale(most, palette), *chain.from_iterable(blocks)]


def _scale(most: float, palette: Palette) -> Iterator[Spans]:
    """What the shades mean."""
    if most == 0:
        return
    if palette.textured:
        yield [Span(f"A below each token: ▁ just above 0, █ {signed(most)}, − negative", "dim")]
        return
    steps = [-most + most * 2 * step / 10 for step in range(11)]
    shades = [Span("  ", "text", shade(step, (-most, most), diverging=True, palette=palette)) for step in steps]
    yield [Span(f"A at each token {signed(-most)} ", "dim"), *shades, Span(f" {signed(most)}", "dim")]


def _block(answer: LanguageAnswer, most: float, palette: Palette, width: int, where: str) -> Iterator[Spans]:
    value = "" if answer.value is None else f"  A {signed(answer.value)} {where}"
    tokens = heat_lines(_tokens(answer), max(width - LABEL - len(value), 10), most or 1.0, palette)
    for index, line in enumerate(tokens):
        label = Span(fit(answer.language if index == 0 else "", LABEL), "first", bold=True)
        yield [label, *line, *([Span(value, "dim")] if value and index == len(tokens) - 1 else [])]
    if answer.before is None:
        yield [Span(" " * LABEL + "The model is an encoder and generates no answers.", "dim")]
    elif answer.after is None:
        yield from (_indented(line) for line in _outcome(answer.before, "→", width - LABEL))
    else:
        yield from _side_by_side(answer.before, answer.after, width - LABEL)
    yield []


def _tokens(answer: LanguageAnswer) -> list[HeatToken]:
    heat = answer.heat or (0.0,) * len(answer.tokens)
    pairs = zip(answer.tokens, heat, strict=True)
    return heat_tokens({"token": token, "activation": value, "measured": False} for token, value in pairs)


def _side_by_side(before: Outcome, after: Outcome, width: int) -> Iterator[Spans]:
    half = (width - _GAP) // 2
    columns = zip_longest(_outcome(before, "before →", half), _outcome(after, "after →", half), fillvalue=())
    for left, right in columns:
        yield _indented([*left, Span(" " * (half + _GAP - width_of(left))), *right])


def _outcome(outcome: Outcome, word: str, width: int) -> list[Spans]:
    """The answer, then the next tokens with their probabilities."""
    answer = fit(outcome.answer or "(nothing)", max(width - len(word) - 1, 4)).rstrip()
    return [
        [Span(f"{word} ", "dim"), Span(answer, "text" if outcome.answer else "dim", bold=bool(outcome.answer))],
        *wrapped_spans((_next(token, width) for token in outcome.next_tokens), width),
    ]


def _next(token: NextToken, width: int) -> Span:
    text = fit(visible(token.text.strip(" ") or "␣" * len(token.text)), max(width - 9, 3)).rstrip()
    return Span(f"{text} {percent(100 * token.probability)}  ", "dim")


def _indented(line: Spans) -> Spans:
    return [Span(" " * LABEL), *line]


def type_lines(answered: Answered) -> list[Spans]:
    """Neurons of each type, a line a layer."""
    n_languages = len(answered.languages)
    head = [Span("types by layer", "text", bold=True), Span(f"  {n_languages} languages", "dim")]
    names = [Span("layer ", "dim"), *(Span(f"{LETTERS[name]:>7}", ink_of(name), bold=True) for name in FROM_SHARED)]
    rows = [
        [Span(f"{layer:>5} ", "dim"), *(Span(f"{count(counts[TYPES.index(name)]):>7}") for name in FROM_SHARED)]
        for layer, counts in enumerate(answered.types)
    ]
    few = ["With fewer than 3 languages", "no neuron is partial-shared."] if n_languages < 3 else []
    return [head, names, *rows, *([Span(words, "dim")] for words in few), []]


def strongest_table(answered: Answered | None) -> pa.Table:
    """The neurons that contribute most; no rows without an answer."""
    rows = answered.strongest if answered is not None else ()
    return pa.table(
        {
            "layer": pa.array([row.layer for row in rows], pa.int32()),
            "neuron": pa.array([row.neuron for row in rows], pa.int32()),
            "type": pa.array([row.type for row in rows], pa.string()),
            "share": pa.array([100 * row.share for row in rows], pa.float64()),
        }
    )


def plain_lines(answered: Answered) -> str:
    """The answers as text to copy."""
    return "\n".join(line for answer in answered.languages for line in _plain(answer))


def _plain(answer: LanguageAnswer) -> Iterator[str]:
    yield f"{answer.language}\t{clean(''.join(answer.tokens))}"
    for word, outcome in (("before", answer.before), ("after", answer.after)):
        if outcome is not None:
            tokens = " · ".join(
                f"{clean(token.text)} {percent(100 * token.probability)} %" for token in outcome.next_tokens
            )
            yield f"{word}\t{clean(outcome.answer)}\t{tokens}"


def layer_sizes(layers: Sequence[int]) -> str:
    """The size of a model's FFNs, in words."""
    return f"{len(layers)} layers, {sum(layers):,} neurons"
