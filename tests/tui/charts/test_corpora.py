"""Charts and lines about a corpus, compared with the queries that they are made from."""

from collections.abc import Iterator

import numpy as np
import pytest

from neurontui.queries import Results, open_results
from neurontui.tui.charts.builders import corpora as builders
from tests.queries.corpus_stores import corpus_file, make_corpus

RUN = make_corpus(1)
CODES = RUN.languages


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    with open_results(corpus_file(tmp_path_factory.mktemp("corpus") / "corpus.duckdb", RUN)) as opened:
        yield opened


def words(lines: list[list[object]]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)  # type: ignore[attr-defined]


def test_corpora_are_a_table_without_colors(results: Results) -> None:
    table = results.query("corpora")
    matrix = builders.corpora_matrix(table)
    assert matrix.rows == CODES
    assert matrix.columns == builders.COLUMNS
    for line, row in zip(matrix.values, table.to_pylist(), strict=True):
        assert line == (row["tokens"] / 1000, row["loss"], row["perplexity"], row["active"], row["positive"])
    assert all(matrix.tint(row, column) is None for row, column, _ in matrix.cells())
    text = words([builders.corpus_line(table.to_pylist()[0])])
    assert text.startswith("English  8 texts, 16 passages, ")
    assert f"loss {table['loss'][0].as_py():.3f} ±{table['loss_error'][0].as_py():.3f}" in text


def test_similarity_is_mirrored(results: Results) -> None:
    matrix = builders.similarity_matrix(results.query("activity-matrix"), CODES)
    p = RUN.probability().reshape(len(CODES), -1)
    expected = np.corrcoef(p)
    for row, column, value in matrix.cells():
        assert value == (None if row == column else pytest.approx(expected[row, column]))


def test_agreement_and_reliability_name_what_they_compare(results: Results) -> None:
    table = results.query("detector-agreement", share=10)
    matrix = builders.agreement_matrix(table, CODES)
    assert matrix.columns == ("LAPE·AP", "LAPE·P90", "AP·P90")
    row = next(r for r in table.to_pylist() if r["language"] == "de" and r["other"] == "P90")
    assert matrix.values[1][1] == row["jaccard"]
    text = words(builders.agreement_lines(table, "de", "LAPE·P90"))
    assert f"de: LAPE {row['n']}, P90 {row['n_other']}, both {row['n_both']}" in text
    assert "times chance" in text
    assert builders.agreement_lines(table, "xx", "LAPE·P90") == []
    halves = results.query("detector-reliability", share=10)
    matrix = builders.reliability_matrix(halves, CODES)
    assert matrix.columns == ("LAPE", "AP", "P90")
    assert matrix.values[0][2] == next(r["jaccard"] for r in halves.to_pylist() if r["detector"] == "P90")
    assert "rank correlation of scores" in words(builders.reliability_lines(halves, "en", "P90"))


def test_detectors_over_layers(results: Results) -> None:
    table, layers = results.query("detectors-by-layer", share=10), results.query("layers")
    rows = table.to_pylist()
    one, mean = builders.detectors_chart(table, "de", layers), builders.detectors_chart(table, "", layers)
    assert [series.name for series in one.series] == ["LAPE", "average precision", "P90"]
    for series in (*one.series, *mean.series):
        codes = ("de",) if series in one.series else CODES
        own = [[r["ratio"] for r in rows if r["detector"] == series.name and r["language"] == c] for c in codes]
        assert series.values == pytest.approx(tuple(np.mean(own, axis=0)))
    matrix = builders.detectors_matrix(table, "P90", CODES, layers)
    assert matrix.values[1] == one.series[2].values
    total = sum(r["n"] for r in rows if r["detector"] == "LAPE" and r["language"] == "de")
    assert builders.sizes(table, "LAPE")["de"] == total
    bars = builders.selected_bars(table, "LAPE", CODES)
    assert [(bar.name, bar.value) for bar in bars.bars][1] == ("de", total)


@pytest.mark.parametrize("width", [30, 36, 60])
def test_the_activity_of_a_neuron_in_lines(results: Results, width: int) -> None:
    table = results.query("neuron-activity", layer=1, neuron=7)
    row = table.to_pylist()[0]
    lines = [words([line]) for line in builders.activity_lines(table, width)]
    assert len(lines) == 1 + len(CODES)
    assert lines[1].split()[0] == "en"
    assert lines[1].split()[-1] == f"{row['precision']:.2f}"
    moments = [words([line]) for line in builders.moment_lines(table, width)]
    assert f"{row['mean']:.3f}" in moments[1]
    assert f"{row['weight']:.3f}" in moments[1]
    assert max(map(len, [*lines, *moments])) <= max(width, 37)
