"""The report of a run that read a corpus."""

from pathlib import Path

import pytest

from neurontui.queries import open_results
from neurontui.tui.report.build import build
from neurontui.tui.report.model import Figure, Report, Section, Table
from tests.queries.corpus_stores import CODES, add_corpus, corpus_file, make_corpus
from tests.queries.raw_run import make_run, write_runs


def report_of(path: Path) -> Report:
    with open_results(path) as results:
        return build(results, results.runs().to_pylist())


def parts_of(report: Report, number: int) -> dict[str, Section]:
    section = next(section for section in report.sections if section.slug == f"run-{number}")
    return {part.slug.removeprefix(f"run-{number}-part-"): part for part in section.parts}


@pytest.mark.parametrize("languages", [("en",), ("en", "de"), CODES])
def test_a_corpus_has_parts_of_its_own(tmp_path: Path, languages: tuple[str, ...]) -> None:
    run = make_corpus(1, languages, 2, 200, tokens=60)
    report = report_of(corpus_file(tmp_path / "corpus.duckdb", run))
    parts = parts_of(report, 1)
    assert set(parts) == ({"corpora"} if len(languages) == 1 else {"corpora", "detectors"})
    texts = parts["corpora"].blocks[0]
    assert isinstance(texts, Table)
    assert [row[0].text for row in texts.rows] == list(languages)
    assert texts.rows[0][4].text == f"{run.n_tokens[:, 0].sum():,}"
    assert not any(section.slug == "findings" for section in report.sections)
    assert not any("0 prompt" in cell.text for block in report.sections[1].blocks if isinstance(block, Table)
                   for row in block.rows for cell in row)  # fmt: skip
    if len(languages) > 1:
        by_layer, agreement, reliability = parts["detectors"].blocks
        assert isinstance(by_layer, Figure)
        assert isinstance(agreement, Table)
        assert isinstance(reliability, Table)
        assert agreement.header == ("language", "LAPE and AP", "LAPE and P90", "AP and P90")
        assert len(reliability.rows) == len(languages)


def test_a_corpus_beside_parallel_runs(tmp_path: Path) -> None:
    path = write_runs(
        tmp_path / "mixed.duckdb", make_run(1, examples=8), make_run(2, "toy · xnli", task="xnli", examples=8)
    )
    report = report_of(add_corpus(path, make_corpus(3, model=make_run(1).model), 3))
    assert "types" in parts_of(report, 1)
    assert set(parts_of(report, 3)) == {"corpora", "detectors"}
    across = next(section for section in report.sections if section.slug == "across-runs")
    named = {cell.text for block in across.blocks if isinstance(block, Table) for row in block.rows for cell in row}
    assert "toy · corpus" not in named
