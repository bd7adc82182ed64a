"""The distribution of a neuron's activation as bars: their levels are the counts of the raw activations."""

import numpy as np
import pyarrow as pa
import pytest
from rich.cells import cell_len

from neurontui.queries import Results
from neurontui.tui.charts.builders.density import density_lines
from neurontui.tui.charts.terminal.blocks import UP
from tests.queries.raw_run import bins_of
from tests.tui.charts.raw import CODES, RUN, rows_of
from tests.tui.charts.words import text

LAYER, NEURON = 1, 5


@pytest.mark.parametrize("width", [60, 78, 120])
def test_bars_are_the_counts_of_the_activations(results: Results, width: int) -> None:
    lines = density_lines(rows_of(results, "neuron-density", layer=LAYER, neuron=NEURON), width)
    own = RUN.activations[LAYER][:, :, NEURON]
    assert text(lines[0]).startswith(f"A at the token of measurement  {own.size} inputs")
    assert all(cell_len(text(line)) <= width for line in lines)
    assert len(lines) == 2 + (6 if width == 60 else 3)
    drawn = {
        line[start].text.strip(): line[start : start + 5] for line in lines[2:] for start in (0, 6)[: len(line) // 5]
    }
    for code, values in {"all": own.ravel(), **dict(zip(CODES, own.T, strict=True))}.items():
        counts = np.bincount(bins_of(values), minlength=32)
        _, negative, _, positive, share = drawn[code]
        assert (negative.ink, positive.ink) == ("bad", "good")
        levels = [UP.index(block) for block in negative.text + positive.text]
        assert levels == [max(round(8 * n / counts.max()), 1) if n else 0 for n in counts]
        assert share.text == ("" if width == 78 else f" {100 * (values > 0).mean():5.1f} %")


@pytest.mark.parametrize("width", [60, 78, 120])
def test_the_axis_is_above_its_bins(results: Results, width: int) -> None:
    axis = text(density_lines(rows_of(results, "neuron-density", layer=LAYER, neuron=NEURON), width)[1])
    assert axis.index(" 0 ") + 1 == 5 + 16
    assert axis.index(" .03") + 1 == 5 + 1 + 16 + 4  # the bin from 2^-5 = 0.031
    assert axis.index("-.03") == 5 + 31 - (16 + 5)


def test_nothing_is_drawn_without_counts() -> None:
    assert density_lines(pa.table({"language": pa.array([], pa.string())}), 80) == []
