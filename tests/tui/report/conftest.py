"""Three runs in one file, made by the real journal and merge, and what the report makes of them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from neurontui.queries import open_results
from neurontui.tui.charts.figure.plot import draw
from neurontui.tui.charts.figure.svg import themed
from neurontui.tui.report import html, markdown
from neurontui.tui.report.build import build
from neurontui.tui.report.model import Figure, Report, Section
from tests.queries.raw_run import RawRun, make_run
from tests.tui.report.stores import merge_runs

HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> | ![p](http://evil.example/p.png) `x` $\\frac{$ "
    "**b** https://evil.example www.evil.example \x1b]52;c;aGk=\x07\u202e\r\n# head\n<!-- -->]]></style>"
)


@dataclass(frozen=True)
class Made:
    """The raw runs, their file, its report, and that as text; `pictures` are the figures as drawn."""

    runs: tuple[RawRun, ...]
    path: Path
    report: Report
    html: str
    markdown: str
    pictures: dict[str, str]


def figures_of(section: Section) -> list[Figure]:
    """Every figure of a section and its parts."""
    own = [block for block in section.blocks if isinstance(block, Figure)]
    return own + [figure for part in section.parts for figure in figures_of(part)]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """1: a model and task of the paper, everything measured. 2: hostile names. 3: types of two languages alone."""
    runs = (
        make_run(1, "bloomz-7b1 · xnli", task="xnli", model="bigscience/bloomz-7b1", examples=30),
        make_run(
            2, HOSTILE, ("en", 'x"><b>', "$\\zh|"), task="xnli", model=HOSTILE, examples=20, attribution=False,
            thresholds=(0.0,), last_tokens=[[HOSTILE] * 3 for _ in range(20)],
        ),
        make_run(
            3, "bare", ("en", "de"), task="fact", model="bare", examples=20, attribution=False, keep_masks=False,
            conditions=(), folds=(3,) * 20, answers=(), correct=np.full((20, 2), np.nan), thresholds=(0.0,),
        ),
    )  # fmt: skip
    path = merge_runs(tmp_path_factory.mktemp("report") / "toy.duckdb", *runs, notes=(("data", HOSTILE),))
    with open_results(path) as results:
        report = build(results, results.runs().to_pylist())
    pictures = {figure.slug: draw(figure) for section in report.sections for figure in figures_of(section)}
    page = html.render(report, lambda figure: themed(pictures[figure.slug]))
    return Made(runs, path, report, page, markdown.render(report), pictures)
