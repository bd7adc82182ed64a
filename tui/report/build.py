"""The whole report of some runs: every section in order, each from named queries. Knows no format."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.queries.values import find_run
from neurontui.store.errors import QueryError, UsageError
from neurontui.tui.report.model import Block, Report, Section, Text
from neurontui.tui.report.run import Row, Run, read_run
from neurontui.tui.report.sections import (
    ablation,
    agreement,
    contribution,
    examples,
    interventions,
    languages,
    neurons,
    persistence,
    tokens,
    types,
)
from neurontui.tui.report.sections import ablation_effects as harm
from neurontui.tui.report.sections import corpora as corpus
from neurontui.tui.report.sections import effective_scores as effects
from neurontui.tui.report.sections import run_facts as facts
from neurontui.tui.report.sections.comparison import comparison
from neurontui.tui.report.sections.evidence import Evidence, anchors_of
from neurontui.tui.report.sections.findings import Claims, findings, of_run, read_claims
from neurontui.tui.report.sections.steering import steering
from neurontui.tui.report.sections.truth import truth

Tell = Callable[[str], None]
Made = Block | tuple[Block, ...] | None
Maker = Callable[[Results, Run], Made]

PAPER = (
    "Figures and tables are numbered as in Wang, Haddow, Wu, Peng and Birch, “Sharing Matters: Analysing Neurons "
    "Across "
    "Languages and Tasks in LLMs”, whose published values stand beside a run’s own where model and task are the same."
)

PARTS: tuple[tuple[str, str, tuple[Maker, ...]], ...] = (
    ("Types of neurons", "types", (types.by_layer, types.over_all_layers)),
    ("Over examples and tokens", "examples", (persistence.overlap, persistence.at_size, tokens.inactive)),
    (
        "Over languages", "languages",
        (
            languages.partial_and_specific, languages.matrix, agreement.of_halves, languages.by_family,
            languages.by_distance, types.by_language_count, types.by_language_count_and_layer,
        ),
    ),
    ("Over thresholds", "thresholds", (types.by_threshold,)),
    (
        "What neurons contribute", "attribution",
        (contribution.top_share, contribution.by_type, effects.largest_by_layer, effects.tables, truth),
    ),
    (
        "When neurons are switched off", "ablation",
        (ablation.tables, harm.changes, ablation.controls, harm.doses),
    ),
    (
        "Interventions", "interventions",
        (interventions.off_target, interventions.agreement, interventions.patching, steering),
    ),
    ("Some neurons", "neurons", (neurons.top_contributors,)),
    ("Some examples", "prompts", (examples.prompts,)),
)  # fmt: skip
"""Title, anchor and contents of each part of a run's section."""

CORPUS_PARTS: tuple[tuple[str, str, tuple[Maker, ...]], ...] = (
    ("Texts and languages", "corpora", (corpus.texts, corpus.similarity)),
    ("Language-specific neurons", "detectors", (corpus.by_layer, corpus.agreement, corpus.reliability)),
)
"""The same for a run that read a corpus."""


def build(results: Results, rows: Sequence[Row], tell: Tell = lambda _: None) -> Report:
    """The report of the runs in `rows` (of `Results.runs()`), in that order.

    `tell` receives the name of each section before it is made.
    """
    runs = [read_run(results, row) for row in rows]
    tell("the paper’s claims")
    claims = read_claims(results, runs)
    sections = [_overview(rows)]
    for row, run in zip(rows, runs, strict=True):
        tell(f"run {run.number}: {run.name}")
        sections.append(_section(results, row, run))
    parallel = [run for run in runs if not run.is_corpus]
    if len(parallel) > 1:
        tell(f"{len(parallel)} runs side by side")
        sections.insert(1, comparison(results, parallel))
    sections = _with_claims(sections, runs, claims)
    count = "1 run" if len(runs) == 1 else f"{len(runs)} runs"
    title = f"Neurons across languages: {runs[0].name}" if len(runs) == 1 else "Neurons across languages and tasks"
    return Report(title, f"{count} of {', '.join(str(path) for path in results.paths)}", tuple(sections))


def _overview(rows: Sequence[Row]) -> Section:
    return Section("Overview", "overview", (Text(PAPER), *([facts.overview(rows)] if len(rows) > 1 else [])))


def _with_claims(sections: list[Section], runs: Sequence[Run], claims: Claims) -> list[Section]:
    """The claims first, and, of several runs, those of each run in its section, with links to what is there."""
    evidence = Evidence(frozenset(anchors_of(tuple(sections))), frozenset(run.name for run in runs))
    if len(runs) > 1:
        of_runs = {run.anchor: of_run(claims, run, evidence) for run in runs}
        sections = [_opened_by(section, of_runs.get(section.slug, ())) for section in sections]
    return [*findings(claims, evidence), *sections]


def _opened_by(section: Section, blocks: tuple[Block, ...]) -> Section:
    """The section of a run with its claims as the first part; unchanged if there are none."""
    if not blocks:
        return section
    first = Section("The paper’s claims", f"{section.slug}-part-claims", blocks)
    return replace(section, parts=(first, *section.parts))


def _section(results: Results, row: Row, run: Run) -> Section:
    """A run: what it is, then every part."""
    about = (
        facts.facts(row),
        *facts.notes(results, run),
        *(() if run.is_corpus else (facts.languages(results, run),)),
        facts.settings(results, run),
    )
    parts_of = CORPUS_PARTS if run.is_corpus else PARTS
    parts = (
        Section(title, f"{run.anchor}-part-{slug}", _made(results, run, makers)) for title, slug, makers in parts_of
    )
    return Section(f"Run {run.number}: {run.name}", run.anchor, about, tuple(part for part in parts if part.blocks))


def _made(results: Results, run: Run, makers: Sequence[Maker]) -> tuple[Block, ...]:
    """Every block once: a measure that several figures lack is mentioned once."""
    blocks: list[Block] = []
    for maker in makers:
        try:
            made = maker(results, run)
        except QueryError as error:
            made = Text(f"This part could not be computed: {error}", "bad")
        for block in made if isinstance(made, tuple) else (made,):
            if block is not None and block not in blocks:
                blocks.append(block)
    return tuple(blocks)


def chosen(results: Results, names: Sequence[str]) -> list[Row]:
    """The rows of the runs with these numbers, names or keys, in the file's order; all where none is named.

    Raises UsageError for an unknown run, and where there is none at all.
    """
    rows: list[Row] = results.runs().to_pylist()
    if not rows:
        raise UsageError("The results file holds no run yet; measure one with `neurontui run`.")
    if not names:
        return rows
    numbers = {find_run(results.known_runs, name).number for name in names}
    return [row for row in rows if row["run"] in numbers]
