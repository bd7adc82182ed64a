"""One example as a picture: marks are the activity of the raw arrays, colors its contribution scores."""

import numpy as np
import pytest
from rich.cells import cell_len

from neurontui.queries import Results
from neurontui.tui.charts.builders.example_matrix import Columns, cell_spans, head_spans, type_words
from neurontui.tui.charts.palette import ANSI, DARK, LETTERS, shade
from tests.tui.charts.raw import CODES, RUN, rows_of
from tests.tui.charts.words import text

EXAMPLE = 3


@pytest.mark.parametrize("room", [70, 33, 12, 5])
def test_cells_are_the_activity_and_the_scores_of_the_example(results: Results, room: int) -> None:
    rows = rows_of(results, "example-matrix", example=EXAMPLE)
    columns = Columns.of(rows_of(results, "example-prompts", example=EXAMPLE), rows)
    assert columns.languages == tuple(CODES)
    width = min(room // len(CODES), 7)
    for row in rows.to_pylist():
        cells = cell_spans(row, columns, room, DARK)
        on = RUN.activations[row["layer"]][EXAMPLE, :, row["neuron"]] > 0
        shares = 100 * RUN.shares(row["layer"])[EXAMPLE, :, row["neuron"]]
        assert [cell.text[0] for cell in cells] == ["●" if active else "·" for active in on]
        assert {cell_len(cell.text) for cell in cells} == {width}
        for cell, listed, share in zip(cells, row["contributions"], shares, strict=True):
            assert listed is None or listed == pytest.approx(share, rel=1e-5)
            paper = None if listed is None else shade(listed, (0.0, columns.largest), False, DARK)
            assert cell.paper == paper
            assert (f"{share:.2f}" in cell.text) == (width == 7 and listed is not None)


def test_without_colors_the_marks_stay(results: Results) -> None:
    rows = rows_of(results, "example-matrix", example=EXAMPLE)
    columns = Columns.of(rows_of(results, "example-prompts", example=EXAMPLE), rows)
    for row in rows.to_pylist():
        dark, plain = (cell_spans(row, columns, 33, palette) for palette in (DARK, ANSI))
        assert [cell.text for cell in dark] == [cell.text for cell in plain]
        assert {cell.paper for cell in plain} == {None}


def test_the_head_says_which_answers_are_right(results: Results) -> None:
    rows = rows_of(results, "example-matrix", example=EXAMPLE)
    head = head_spans(Columns.of(rows_of(results, "example-prompts", example=EXAMPLE), rows), 5 * len(CODES))
    marks = {1.0: "✓", 0.0: "✗"}
    expected = [f"{code}{marks.get(right, '')}" for code, right in zip(CODES, RUN.correct[EXAMPLE], strict=True)]
    assert [span.text.rstrip() for span in head] == expected
    roles = {1.0: "good", 0.0: "bad"}
    assert [span.ink for span in head] == [roles.get(right, "dim") for right in RUN.correct[EXAMPLE]]


def test_narrow_heads_do_not_touch(results: Results) -> None:
    rows = rows_of(results, "example-matrix", example=EXAMPLE)
    columns = Columns.of(rows_of(results, "example-prompts", example=EXAMPLE), rows)
    assert [span.text for span in head_spans(columns, 3 * len(CODES))] == [f"{code} " for code in CODES]


def test_the_words_count_the_types(results: Results) -> None:
    rows = rows_of(results, "example-matrix", example=EXAMPLE)
    names, counts = np.unique(rows["type"].to_pylist(), return_counts=True)
    words = text(type_words(rows))
    for name, n in zip(names, counts, strict=True):
        assert f"{LETTERS[name]} " in words
        assert f" {n}  " in words
