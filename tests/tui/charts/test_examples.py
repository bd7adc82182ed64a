"""An example in words against NumPy on the raw activations and answers."""

import numpy as np
import pyarrow as pa
import pytest
from rich.cells import cell_len

from neurontui.queries import Results
from neurontui.tui.charts.builders.examples import (
    TOP_FIELDS,
    detail_lines,
    example_fields,
    full_lines,
    prompt_lines,
)
from neurontui.tui.charts.builders.heat_text import HeatToken
from neurontui.tui.charts.builders.prompt_beginnings import whole_words, without_beginning
from neurontui.tui.charts.palette import DARK, ink_of, shade
from neurontui.tui.charts.terminal.blocks import UP
from tests.queries.reference import active, types
from tests.tui.charts.raw import CODES, LETTERS, NAMES, RUN, rows_of
from tests.tui.charts.words import numbers, row_that_begins, text

WIDE = 90
MARKS = {1.0: ("✓", "good"), 0.0: ("✗", "bad")}


@pytest.mark.parametrize("example", [0, 7, 39])
@pytest.mark.parametrize("codes", [CODES, ["en", "ru", "zh"]], ids=",".join)
def test_types_of_an_example_beside_their_mean(results: Results, example: int, codes: list[str]) -> None:
    lines = detail_lines(rows_of(results, "example-detail", example=example, languages=codes), WIDE)
    for name in NAMES:
        of_type = [types(active(RUN, layer, codes))[name] for layer in range(3)]
        here = [100 * counts[example].mean() for counts in of_type]
        mean = [100 * counts.mean() for counts in of_type]
        line = row_that_begins(lines[1:], LETTERS[name])
        assert numbers(line) == pytest.approx([np.mean(here), np.mean(mean)], abs=0.051)
        drawn = line[2]
        assert drawn.ink == ink_of(name)
        low, high = min(here + mean), max(here + mean)
        levels = [UP.index(block) - 1 for block in drawn.text.rstrip()]
        expected = np.repeat([7 * (value - low) / (high - low) for value in here], len(levels) // 3)
        assert levels == pytest.approx(expected, abs=0.51)


@pytest.mark.parametrize("example", [0, 5, 12])
def test_answers_of_an_example(results: Results, example: int) -> None:
    table = rows_of(results, "example-prompts", example=example)
    lines = prompt_lines(table, 120)
    assert [text(line).split()[0] for line in lines] == CODES
    for p, line in enumerate(lines):
        mark, role = MARKS.get(RUN.correct[example, p], (" ", "dim"))
        assert line[2].text == f"{mark} "
        assert (line[2].ink, line[3].ink) == (role, role)
        assert line[3].text.rstrip() == f"said {example} {p}"
        ranked = not np.isnan(RUN.rank[example, p])
        assert ranked == (len(line) > 4)
        assert not ranked or line[4].text == f" {RUN.rank[example, p]:.0f}/{RUN.n_candidates[p]}"
        assert " ".join(line[1].text.split()) == " ".join(RUN.prompts[example][p].split())
    whole = [text(line) for line in full_lines(table, 120)]
    for p, code in enumerate(CODES):
        start = next(i for i, line in enumerate(whole) if line.split()[:1] == [code])
        part = " ".join(" ".join(whole[start : whole.index("", start)]).split())
        assert f"id{example}" in part
        assert f"answer answer {example} model said {example} {p}" in part
        if not np.isnan(RUN.rank[example, p]):
            assert f"rank {RUN.rank[example, p]:.0f} of {RUN.n_candidates[p]} candidates · log-probability -" in part
        assert f"{RUN.n_tokens[example, p]} tokens, read at the last: “{RUN.last_tokens[example][p]}”" in part


@pytest.mark.parametrize(("example", "layer"), [(3, 1), (20, 2)])
def test_top_neurons_of_an_example(results: Results, example: int, layer: int) -> None:
    rows = rows_of(results, "example-top-neurons", example=example, languages=CODES).to_pylist()
    columns = {field.title: field for field in TOP_FIELDS}
    for p, code in enumerate(CODES):
        shares = RUN.shares(layer)[example, p]
        strongest = np.argsort(-shares)[:3]
        own = [row for row in rows if row["layer"] == layer and row["language"] == code]
        assert sorted(row["neuron"] for row in own) == sorted(strongest.tolist())
        for row in own:
            neuron = row["neuron"]
            named = types(active(RUN, layer, CODES))
            name = next(name for name in NAMES if named[name][example, neuron])
            cell = {title: field.format(row[field.column]) for title, field in columns.items()}
            assert cell["type here"].split()[0] == LETTERS[name]
            assert cell["CS %"] == f"{100 * shares[neuron]:.2f}"
            assert cell["ES"] == f"{RUN.effects[layer][example, p, neuron]:+.2f}"


def test_list_of_examples(results: Results) -> None:
    rows = rows_of(results, "examples-search").to_pylist()
    assert [row["example"] for row in rows] == list(range(len(RUN.folds)))
    fields = {field.column: field for field in example_fields(rows_of(results, "examples-search"), 60)}
    assert [fields["n_correct"].format(row["n_correct"]) for row in rows] == [
        str((answers == 1).sum()) for answers in RUN.correct
    ]


def test_a_narrow_list_leaves_out_what_all_prompts_begin_with(results: Results) -> None:
    table = rows_of(results, "examples-search", languages=["de"])
    wide, narrow = ({field.column: field for field in example_fields(table, width)} for width in (80, 12))
    prompt = RUN.prompts[3][1]
    assert wide["prompt"].format(prompt) == prompt
    assert narrow["prompt"].format(prompt) == "…" + prompt.removeprefix("the de prompt  of example ")


def test_what_all_prompts_begin_with_is_left_out_where_they_do_not_fit() -> None:
    begin = "Question: What is the capital of Chad? Answer: Oslo "
    rows = [
        row_of(code, begin + rest)
        for code, rest in (("en", "Question: and of Peru?"), ("zh", "Question: 秘鲁的首都？"))
    ]
    table = pa.Table.from_pylist(rows)
    narrow, wide = (prompt_lines(table, width) for width in (60, 120))
    assert [text(line)[4:17] for line in narrow[:2]] == ["…and of Peru?", "…秘鲁的首都？      "]
    assert text(narrow[2]) == f"… {len(begin) + len('Question: ')} characters shared by all prompts"
    assert all(begin in text(line) for line in wide)
    assert {cell_len(text(line)) for line in narrow[:2]} == {59}


def test_what_the_prompts_of_a_language_begin_with_is_left_out_of_its_prompt_and_heat() -> None:
    prompts = {"en": "Is it true? One two three four. Yes or", "th": "จริงหรือไม่หนึ่งสองสามสี่ห้าหกเจ็ดแปดเก้า"}
    table = pa.Table.from_pylist([row_of(code, prompt) for code, prompt in prompts.items()])
    of_run = pa.table({"language": ["en", "th"], "shared": [14, 11]})
    english, thai, said = prompt_lines(table, 40, None, DARK, of_run)
    assert text(english)[4:20] == "…One two three f"
    assert text(thai)[4:].startswith("…หนึ่งสอง")
    assert text(said).startswith("… 11 to 12 characters shared by all")
    words = ["<bos>", "Is", " it", " true", "?", " One", " two", " three", " four", ".", " Yes", " or"]
    heat = {"en": [HeatToken(word, 9.0 if word == "Is" else 1.0) for word in words]}
    english, *_ = prompt_lines(table, 40, heat, DARK, of_run)
    assert text(english)[4:15] == "… One two t"
    assert english[2].paper == shade(1 / 9, (-1.0, 1.0), True, DARK)  # the strongest color is that of the part left out
    assert without_beginning(heat["en"], prompts["en"], 12) == heat["en"][5:]
    assert without_beginning(heat["en"], prompts["en"], 0) == heat["en"]
    assert without_beginning(heat["en"][:3], "other words", 5) == heat["en"][:3]


@pytest.mark.parametrize(
    ("text", "n", "whole"),
    [("one two", 5, 4), ("one two", 7, 7), ("国の首都は", 2, 2), ("ab กิ", 5, 5), ("ab กิข", 4, 3), ("one\ntwo", 5, 4)],
)
def test_beginnings_end_after_whole_words_or_characters(text: str, n: int, whole: int) -> None:
    assert whole_words(text, n) == whole


def test_a_neuron_is_shown_over_the_prompts_in_one_scale() -> None:
    table = pa.Table.from_pylist([row_of("en", "Oslo is"), row_of("th", "กรุงลิมา"), row_of("zh", "秘鲁")])
    heat = {
        "en": [HeatToken("Oslo", 4.0), HeatToken(" is", -1.0, measured=True)],
        "th": [HeatToken("กรุง", 2.0), HeatToken("ลิมา", 1.0)],
    }
    english, thai, chinese = prompt_lines(table, 60, heat, DARK)
    assert [span.paper for span in english[1:3]] == [shade(v, (-1.0, 1.0), True, DARK) for v in (1.0, -0.25)]
    assert [span.paper for span in thai[1:3]] == [shade(v, (-1.0, 1.0), True, DARK) for v in (0.5, 0.25)]
    assert text(chinese)[4:6] == "秘鲁"
    assert {span.paper for span in chinese} == {None}
    assert {cell_len(text(line)) for line in (english, thai, chinese)} == {59}


def row_of(language: str, prompt: str) -> dict[str, object]:
    """A row of example-prompts."""
    return {
        "language": language, "prompt": prompt, "prediction": "Lima", "correct": True, "rank": 1, "n_candidates": 9,
    }  # fmt: skip
