"""A neuron in words against NumPy on the raw activations and scores."""

from collections import Counter
from itertools import compress

import numpy as np
import pyarrow as pa
import pytest

from neurontui.queries import Results
from neurontui.tui.charts.builders.neuron import (
    STRONGEST_FIELDS,
    input_lines,
    language_lines,
    score_lines,
    token_lines,
    type_lines,
)
from neurontui.tui.charts.palette import ink_of
from tests.queries.reference import active, types
from tests.tui.charts.raw import CODES, LETTERS, NAMES, RUN, rows_of
from tests.tui.charts.words import filled, numbers, row_that_begins, text

PLACES = [(0, 4), (1, 5), (1, 9), (2, 3)]
WIDE = 80


def about(results: Results, query: str, place: tuple[int, int], **parameters: object) -> pa.Table:
    return rows_of(results, query, layer=place[0], neuron=place[1], **parameters)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("codes", [CODES, ["de", "ru", "zh"]], ids=",".join)
def test_types_over_the_examples(results: Results, place: tuple[int, int], codes: list[str]) -> None:
    lines = type_lines(about(results, "neuron-types", place, languages=codes), WIDE)
    layer, neuron = place
    on = active(RUN, layer, codes)[:, :, neuron]
    assert f"{len(on)} examples" in text(lines[0])
    assert [text(line)[0] for line in lines[1:]] == ["A", "P", "S", "N"]
    for name in NAMES:
        line = row_that_begins(lines[1:], LETTERS[name])
        of_type = types(active(RUN, layer, codes))[name][:, neuron]
        assert numbers(line) == [round(100 * of_type.mean(), 1)]
        assert filled(line) == pytest.approx(of_type.mean(), abs=0.05)
        assert {span.ink for span in line if span.paper is not None} == {ink_of(name)}
        if name in ("specific", "partial-shared") and of_type.any():
            sets = Counter(tuple(compress(codes, languages)) for languages in on[of_type])
            assert tuple(line[-1].text.split()) in [codes for codes, n in sets.items() if n == max(sets.values())]


@pytest.mark.parametrize("place", PLACES)
def test_activity_and_scores_by_language(results: Results, place: tuple[int, int]) -> None:
    lines = language_lines(about(results, "neuron-languages", place), WIDE)
    layer, neuron = place
    assert text(lines[0]).split()[-4:] == ["tokens", "CS", "%", "ES"]
    assert [text(line).split()[0] for line in lines[1:]] == CODES
    for p, code in enumerate(CODES):
        line = row_that_begins(lines, code)
        share = (RUN.activations[layer][:, p, neuron] > 0).mean()
        tokens = RUN.active_tokens[layer][:, p, neuron].sum() / RUN.n_tokens[:, p].sum()
        expected = [100 * share, 100 * tokens, 100 * RUN.shares(layer)[:, p, neuron].mean()]
        effect = RUN.effects[layer][:, p, neuron].mean()
        if not np.isnan(effect):
            expected.append(effect)
        assert numbers(line) == pytest.approx(expected, abs=0.051)
        assert numbers(line)[2] == pytest.approx(expected[2], abs=0.0051), "CS has two decimals"
        assert filled(line) == pytest.approx(share, abs=0.05)


def test_languages_without_scores_have_no_columns_for_them(results: Results) -> None:
    table = about(results, "neuron-languages", (1, 5))
    without = table.set_column(table.schema.get_field_index("contribution"), "contribution", pa.nulls(5, pa.float64()))
    lines = language_lines(without, WIDE)
    assert "CS" not in text(lines[0])
    assert [len(numbers(line)) for line in lines[1:]] == [2] * 5


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("codes", [CODES, ["fr", "zh"]], ids=",".join)
def test_scores_over_all_inputs(results: Results, place: tuple[int, int], codes: list[str]) -> None:
    layer, neuron = place
    read = [CODES.index(code) for code in codes]
    lines = score_lines(about(results, "neuron-card", place, languages=codes).to_pylist()[0])
    shares, top = RUN.shares(layer)[:, read, neuron], RUN.top(layer)[:, read, neuron]
    assert numbers(lines[0]) == [round(100 * shares.mean(), 2), 5, round(100 * top.mean(), 1)]
    effects = RUN.effects[layer][:, read, neuron]
    if np.isnan(effects).any():
        assert [text(line)[:2] for line in lines] == ["CS", "CS"]
    else:
        assert numbers(lines[1]) == pytest.approx([effects.mean(), effects.min(), effects.max()], abs=0.0051)


def test_no_scores_no_lines() -> None:
    assert score_lines({"contribution": None}) == []


def test_tokens_strongest_first_each_direction_in_its_color(results: Results) -> None:
    lines = token_lines(about(results, "neuron-tokens", (1, 5)), WIDE)
    assert [text(line).split() for line in lines] == [
        ["promotes", "“promotes1”", "“promotes2”", "“promotes3”"],
        ["suppresses", "“suppresses1”", "“suppresses2”", "“suppresses3”"],
    ]
    assert [line[1].ink for line in lines] == ["good", "bad"]


@pytest.mark.parametrize("place", PLACES)
def test_strongest_inputs(results: Results, place: tuple[int, int]) -> None:
    layer, neuron = place
    in_first = RUN.activations[layer][:, 0, neuron]
    rows = about(results, "neuron-examples", place).to_pylist()
    strongest = np.argsort(-in_first)[:4]
    assert [row["example"] for row in rows] == strongest.tolist()
    activation = next(field for field in STRONGEST_FIELDS if field.column == "activation")
    assert [activation.format(row["activation"]) for row in rows] == [f"{in_first[e]:.3f}" for e in strongest]
    head, *prompt = input_lines(rows[0], WIDE)
    assert text(head) == f"{CODES[0]}  example {strongest[0]}"
    assert " ".join(" ".join(text(line) for line in prompt).split()) == " ".join(RUN.prompts[strongest[0]][0].split())
