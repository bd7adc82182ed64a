"""The Markdown: tables that parse, numbers that are the run's own, nothing stored that becomes markup."""

import re

import numpy as np
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from neurontui.queries import open_results
from neurontui.tui.common.claim_words import summary
from neurontui.tui.report.build import build
from neurontui.tui.report.markdown import code, escape
from neurontui.tui.report.model import Table, Text
from neurontui.tui.report.run import read_run
from neurontui.tui.report.sections.evidence import Evidence, anchors_of
from tests.queries.raw_run import TYPES, RawRun, masks, type_of
from tests.tui.report.conftest import HOSTILE, Made

pytestmark = pytest.mark.xdist_group("report")  # one worker builds the store and the report

PARSER = MarkdownIt("gfm-like")


def tokens(text: str) -> list[Token]:
    """All tokens, those inside lines too."""
    found = PARSER.parse(text)
    return found + [child for token in found for child in token.children or ()]


def tables(text: str) -> dict[str, list[list[str]]]:
    """Rows of cells of every table, by the last bold line above it and its place among tables of that name."""
    found: dict[str, list[list[str]]] = {}
    name, rows, cell = "", [], False
    for token in PARSER.parse(text):
        if token.type == "inline" and not cell:
            bold = re.match(r"\*\*(.+?)\*\*", token.content)
            name = bold[1] if bold else name
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("td_open", "th_open"):
            cell = True
        elif token.type in ("td_close", "th_close"):
            cell = False
        elif token.type == "table_close":
            found.setdefault(name, rows)
        if token.type == "inline" and cell:
            rows[-1].append(re.sub(r"\\(.)|\*+", r"\1", token.content))
    return found


def section(text: str, run: int) -> str:
    """The part of a run."""
    start = text.index(f"\n## Run {run}: ")
    end = text.find("\n## ", start + 5)
    return text[start : end if end > 0 else None]


def test_every_table_parses_and_is_full(made: Made) -> None:
    written = len(re.findall(r"^\| [-:| ]+\|$", made.markdown, re.MULTILINE))
    assert written == sum(token.type == "table_open" for token in PARSER.parse(made.markdown)) > 30
    for rows in tables(made.markdown).values():
        assert len({len(row) for row in rows}) == 1


def test_nothing_stored_becomes_markup(made: Made) -> None:
    parsed = tokens(made.markdown)
    assert not {token.type for token in parsed} & {"html_block", "image", "s_open", "fence"}
    html = "".join(token.content for token in parsed if token.type == "html_inline")
    assert re.fullmatch(r'(<a id="[a-z0-9-]+"></a>)+', html), "only anchors of ours"
    links = {str(token.attrs["href"]) for token in parsed if token.type == "link_open"}
    assert links == {f"#{anchor}" for anchor in re.findall(r'id="([^"]+)"', html)}, "anchors of what is linked to"
    assert "\x1b" not in made.markdown
    headings = [t for t in PARSER.parse(made.markdown) if t.type == "heading_open"]
    assert len(headings) == len(re.findall(r"^#{1,4} ", made.markdown, re.MULTILINE))


def test_what_is_escaped_reads_as_it_was() -> None:
    for text in (
        HOSTILE,
        "a_b _c_ 1. x",
        "- item",
        "+ x",
        "1. x",
        "~~gone~~",
        "&lt;",
        "me@example.org",
    ):
        inline = next(token for token in PARSER.parse(f"x {escape(text)}") if token.type == "inline")
        shown = "".join(child.content for child in inline.children or ())
        assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
        assert shown == f"x {_cleaned(text)}"
    assert next(token.type for token in PARSER.parse(escape("1. x"))) == "paragraph_open"


def _cleaned(text: str) -> str:
    from neurontui.tui.common.sanitize import clean

    return clean(text)


def test_code_holds_any_backticks() -> None:
    for text in ("plain", "a `b` c", "``x", "`"):
        inline = next(token for token in PARSER.parse(code(text)) if token.type == "inline")
        assert [child.type for child in inline.children or ()] == ["code_inline"]
        assert (inline.children or [])[0].content == text


def ratios(run: RawRun) -> dict[str, float]:
    """Share of each type over all layers, in percent, from raw activations (Eq. 3 to 8)."""
    every = (1 << len(run.languages)) - 1
    kinds = [type_of(int(m), every) for A in run.activations for m in masks(A > 0).ravel()]
    return {name: 100 * kinds.count(name) / len(kinds) for name in TYPES}


def test_type_ratios_are_those_of_the_activations(made: Made) -> None:
    rows = tables(section(made.markdown, 1))["Neuron types over all layers"]
    sizes = np.array([A.shape[-1] for A in made.runs[0].activations])
    stacks = {"encoder, %": sizes[0], "decoder, %": sizes[1:].sum()}
    wanted = ratios(made.runs[0])
    for cells in rows[1:]:
        shown = [float(cells[rows[0].index(stack)].split(" ± ")[0]) for stack in stacks]
        mean = np.average(shown, weights=list(stacks.values()))
        assert abs(mean - wanted[cells[0].split()[1]]) < 0.011


def test_published_values_stand_beside_the_same_model(made: Made) -> None:
    first = tables(section(made.markdown, 1))
    types = first["Neuron types over all layers"]
    assert types[0][-1] == "paper, Table 2, %"
    assert [row[-1] for row in types[1:]] == ["9.85", "10.30", "3.12", "76.73"]
    accuracy = first["Accuracy when neurons are switched off"]
    paper = [row for row in accuracy if row[0] == "paper, Table 2"]
    assert paper[0][1:] == ["0 %", "53.8", "41.8", "49.0", "47.6", "51.1", "", ""]
    shared = accuracy[[row[0] for row in accuracy].index("w/o all-shared") + 1]
    assert shared[:5] == ["paper, Table 2", "9.85 %", "16.7", "3.5", "10.0"]
    second = section(made.markdown, 2)
    assert "paper, Table 2" not in second
    assert "The paper has this task for other models" in second


def test_accuracies_are_those_of_the_answers(made: Made) -> None:
    rows = tables(section(made.markdown, 1))["Accuracy when neurons are switched off"]
    run = made.runs[0]
    for condition in run.conditions[:5]:
        shown = next(row for row in rows if row[0] == condition.label)
        for p, code_ in enumerate(run.languages):
            wanted = 100 * np.nanmean(condition.correct[:, p])
            assert abs(float(shown[rows[0].index(code_)]) - wanted) < 0.051
        assert shown[1] == f"{run.percent(condition):.2f} %".replace("0.00 %", "0 %")  # over all languages
    types = [row for row in made.markdown.splitlines() if row.startswith("| w/o all-shared ")]
    assert "**" in types[0]  # the largest reduction


def test_what_was_not_measured_is_reported_with_the_command(made: Made) -> None:
    bare = section(made.markdown, 3)
    for words in (
        "No contribution or effective scores were measured in this run; do so by "
        "`neurontui run --model bare --task fact --out",
        "--measures types,attribution`",
        "No neurons were switched off in this run; do so by",
        "--measures types,ablation`",
        "This needs at least 3 languages and the run has 2 languages",
        "Only one activation threshold was measured in this run",
        "--thresholds 0,0.1,0.2,0.3,0.4,0.5`",
    ):
        assert words in bare
    assert bare.count("No contribution or effective scores were measured") == 1


def test_notes_settings_and_versions_are_reported(made: Made) -> None:
    first = section(made.markdown, 1)
    notes = tables(first)["Notes"]
    assert notes[0] == ["about", "note"]
    assert [row[0] for row in notes[1:]] == ["data"]
    assert "<script>alert(1)</script>" in notes[1][1]
    settings = tables(first)["Settings and versions"]
    assert ["setting", "activation", "gate"] in settings
    assert ["version", "torch", "2.15.0"] in settings


def test_it_opens_with_findings_whose_marks_link_to_their_evidence(made: Made) -> None:
    section, *others = made.report.sections
    assert section.slug == "findings"
    table = next(block for block in section.blocks if isinstance(block, Table))
    assert table.header[2:] == ("run 1", "run 2", "run 3")
    with open_results(made.path) as results:
        claims = [results.query("claims", run=run).to_pylist() for run in (1, 2, 3)]
        run_1 = read_run(results, results.runs().to_pylist()[0])
    sentences = [block.text for block in section.blocks if isinstance(block, Text) and block.kind == "finding"]
    assert sentences == summary(claims[0]), "the run with the most measures"
    anchors = set(anchors_of(tuple(others)))
    signs = {"supported": "✓", "contradicted": "✗", "undecided": "?"}
    for index, cells in enumerate(table.rows):
        for run, (rows, cell) in enumerate(zip(claims, cells[2:], strict=True), 1):
            row = rows[index]
            assert cell.text == ("–" if row["estimate"] is None else signs[row["verdict"]])
            assert cell.link == "" or cell.link in anchors
            assert bool(cell.link) == (row["estimate"] is not None)
            assert cell.link.startswith((f"run-{run}-", "across-runs")) or not cell.link
    evidence = Evidence(frozenset({"across-runs", "run-1-types"}), frozenset({"one", "two"}))
    for versus, anchor in (("two", "across-runs"), ("three", "run-1-types")):
        assert evidence.of({"claim": "task-matters", "versus": versus}, run_1) == anchor, (
            "only if the other run is shown"
        )
    linked = {row["claim"]: cells[2].link for row, cells in zip(claims[0], table.rows, strict=True)}
    assert linked["few-silent"] == "run-1-inactive"
    assert linked["all-shared-beyond-control"] == "run-1-controls"
    assert linked["relatives-share-no-more"] == "run-1-relatives"


def test_a_report_of_one_run_has_its_claims_in_the_findings_alone(made: Made) -> None:
    with open_results(made.path) as results:
        rows = results.runs().to_pylist()[:1]
        report = build(results, rows)
    assert [section.slug for section in report.sections] == ["findings", "overview", "run-1"]
    kinds = [block.kind if isinstance(block, Text) else block.title for block in report.sections[0].blocks]
    assert kinds == ["finding"] * 3 + ["The paper’s claims in this run"]
    assert "run-1-part-claims" not in set(anchors_of(report.sections))


def test_the_top_contributors_are_those_of_the_raw_scores(made: Made) -> None:
    raw = made.runs[0]
    shares = {
        (layer, neuron): 100 * float(raw.shares(layer)[:, :, neuron].mean())
        for layer, A in enumerate(raw.activations) for neuron in range(A.shape[-1])
    }  # fmt: skip
    best = sorted(shares, key=lambda place: -shares[place])[:5]
    rows = tables(section(made.markdown, 1))["Top contributors"][1:]
    assert [row[0] for row in rows] == [f"layer {layer}, neuron {neuron}" for layer, neuron in best]
    for row, (layer, neuron) in zip(rows, best, strict=True):
        active = 100 * (raw.activations[layer][:, :, neuron] > 0).mean(axis=0)
        shown = dict(part.split(" ", 1) for part in row[2].split(", "))
        top = sorted(active, reverse=True)[:3]
        assert [float(text.removesuffix(" %")) for text in shown.values()] == pytest.approx(top, abs=0.51)
        for language, text in shown.items():
            assert float(text.removesuffix(" %")) == pytest.approx(active[raw.languages.index(language)], abs=0.51)
        assert float(row[4]) == pytest.approx(shares[layer, neuron], rel=0.01)


def test_examples_are_right_and_wrong_as_they_were_judged(made: Made) -> None:
    raw, text = made.runs[0], section(made.markdown, 1)
    rows = [re.split(r" +\| +", line.strip("| ")) for line in text[text.index("### Some examples") :].split("\n")]
    shown = [row for row in rows if len(row) == 6 and row[0].isdigit()]
    right = [e for e in range(30) if np.nanmin(raw.correct[e]) == 1][:1]
    wrong = [e for e in range(30) if np.nanmin(raw.correct[e]) == 0][:2]
    assert list(dict.fromkeys(int(row[0]) for row in shown)) == [*right, *wrong]
    for example, language, _, _, prediction, result in shown:
        place = raw.languages.index(language)
        assert prediction == f"said {example} {place}"
        assert result == {1.0: "✓ right", 0.0: "✗ wrong"}.get(float(raw.correct[int(example), place]), "not judged")
    assert [row[5] for row in shown if int(row[0]) in wrong].count("✗ wrong") >= len(wrong)


def test_runs_are_compared(made: Made) -> None:
    totals = tables(made.markdown)["Neuron types over all layers"]
    first = [row for row in totals if row[0] == "1"]
    assert [row[1] for row in first] == ["bloomz-7b1 · xnli, encoder", "bloomz-7b1 · xnli, decoder"]
    assert "**Differences of type ratios**" in made.markdown
