"""Which languages share: Figures 7 and 17, the matrix of all pairs, and whether related languages share more."""

from dataclasses import replace

from neurontui.queries.results import Results
from neurontui.tui.charts.builders.distances import left_out
from neurontui.tui.charts.builders.rows import number
from neurontui.tui.charts.builders.sharing import languages_chart, sharing_matrix
from neurontui.tui.common.significant import figures, with_interval
from neurontui.tui.report.missing import missing, too_few_languages
from neurontui.tui.report.model import Block, Figure, Table, Text
from neurontui.tui.report.run import Run
from neurontui.tui.report.shape import cells, percent

PAPERS = "de"
"""The language that the paper looks from."""


def partial_and_specific(results: Results, run: Run) -> Block:
    """Figures 7 and 17: left, sharing with one language; right, whose the specific neurons are."""
    if len(run.languages) < 3:
        return too_few_languages(run, 3)
    base = PAPERS if PAPERS in run.languages else run.languages[0]
    shared = results.query("partial-sharing-with", run=run.number, language=base)
    specific = results.query("specific-by-language", run=run.number)
    if not shared.num_rows and not specific.num_rows:
        return missing(run, "types")
    left = replace(
        run.panel(languages_chart("", shared, run.languages, run.layers), f"partial-shared with {base}"),
        y_title=f"% of partial-shared neurons active in {base}",
        from_zero=False,
    )
    right = replace(
        run.panel(languages_chart("", specific, run.languages, run.layers), "specific neurons"),
        y_title="% of specific neurons",
    )
    return Figure(
        f"{run.anchor}-languages",
        "Neuron sharing across languages",
        "Figures 7 and 17",
        f"Left: of the partial-shared neurons that are active in {base}, the share that is active in each other "
        "language "
        "too. Right: the share of each language in the specific neurons. Bands: 95 % intervals.",
        (left, right),
        f"{run.command('partial-sharing-with', f'language={base}')}; {run.command('specific-by-language')}",
        columns=2,
        summary=_overall(results, run, base),
    )


def _overall(results: Results, run: Run, base: str) -> Table:
    shared = results.query("partial-sharing-with", run=run.number, language=base, by_layer=False).to_pylist()
    specific = results.query("specific-by-language", run=run.number, by_layer=False).to_pylist()
    left, right = (
        {row[key]: percent(row) for row in rows} for key, rows in (("other", shared), ("language", specific))
    )
    body = tuple(cells(code, left.get(code, "–"), right.get(code, "–")) for code in run.languages)
    return Table(
        "Over all layers",
        ("language", f"partial-shared with {base}, %", "of the specific, %"),
        body,
    )


def matrix(results: Results, run: Run) -> Block:
    """Of neurons active in one language, how many are active in another."""
    table = results.query("sharing-matrix", run=run.number)
    if not table.num_rows:
        return missing(run, "types")
    if len(run.languages) < 2:
        return too_few_languages(run, 2)
    return Figure(
        f"{run.anchor}-matrix",
        "Of neurons active in one language, how many are active in another",
        "beyond Figure 7, left",
        "Row: the language in which the neurons are active. Column: the language in which they may be active too. "
        "In percent of the row’s, over all layers and examples.",
        (replace(sharing_matrix(table, run.languages), title=""),),
        run.command("sharing-matrix"),
    )


def by_distance(results: Results, run: Run) -> Block:
    """Do closer languages share more neurons, for every distance?"""
    if len(run.languages) < 3:
        return too_few_languages(run, 3)
    rows = results.query("sharing-by-distance", run=run.number).to_pylist()
    if not rows:
        return missing(run, "types")
    body = tuple(
        cells(
            row["distance"], str(row["n_languages"]), str(row["n_pairs"]),
            with_interval(number(row["correlation"]), number(row["low"]), number(row["high"])),
            figures(number(row["p_value"]), 2),
        )
        for row in rows
        if number(row["correlation"]) is not None
    )  # fmt: skip
    if not body:
        return Text(
            "No distance of the run’s languages is known for three pairs; see",
            "missing",
            run.command("language-distances"),
        )
    return Table(
        "Do closer languages share more neurons?",
        ("distance", "languages", "pairs", "ρ with sharing", "p"),
        body,
        caption="ρ: Spearman’s correlation of φ and distance over pairs of languages; negative if closer languages "
        "share more. Interval: 95 %, over examples. p: Mantel test, one-sided, permuting the languages, because pairs "
        "are not independent; not corrected for the number of distances. Family, branch and script: same or not. "
        "Others: URIEL." + "".join(f" {note}." for note in left_out(rows)),
        query=f"{run.command('sharing-by-distance')}; {run.command('language-distances')}",
        slug=f"{run.anchor}-distances",
    )


def by_family(results: Results, run: Run) -> Block:
    """Section 5.3 as a test: do related languages share more neurons?"""
    if len(run.languages) < 3:
        return too_few_languages(run, 3)
    rows = results.query("sharing-by-family", run=run.number).to_pylist()
    unknown = max((row["n_unknown"] for row in rows), default=0)
    rows = [row for row in rows if number(row["difference"]) is not None]
    if not rows and unknown:
        sentence = "Too few of the run’s languages have a known family, branch or script; see"
        return Text(sentence, "missing", run.command("run-languages"))
    if not rows:
        return missing(run, "types")
    body = tuple(
        cells(
            f"same {row['relation']}", f"{row['n_related']} / {row['n_other']}", figures(number(row["related"])),
            figures(number(row["unrelated"])),
            with_interval(number(row["difference"]), number(row["low"]), number(row["high"])),
            figures(number(row["p_value"]), 2),
        )
        for row in rows
    )  # fmt: skip
    return Table(
        "Do related languages share more neurons?",
        ("relation", "pairs related / other", "φ, related", "φ, other", "difference", "p"),
        body,
        caption="Section 5.3. φ: correlation of two languages’ activity over neurons, within layers; 0 is "
        "chance. Interval: "
        "95 %, over examples. p: Mantel test, one-sided, relabelling the languages."
        + " Pairs with a language whose family is not known are left out."
        * bool(unknown),
        query=run.command("sharing-by-family"),
        slug=f"{run.anchor}-relatives",
    )
