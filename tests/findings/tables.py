"""The tables of docs/findings.md, from the results files and the numbers of the paper. Each is a list of lines."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurontui.queries.results import Results, open_results
from tests.findings.runs import CORPUS, FOUR, INTERVENTIONS, RUNS, Run

Row = dict[str, Any]
TYPES = ("non-activated", "specific", "partial-shared", "all-shared")
MARKS = {"supported": "✓", "contradicted": "✗", "undecided": "?"}
ACCURACY = ("accuracy", "low", "high", "n_correct", "n", "language")


@dataclass
class Measured:
    """The open results files of a folder; runs are found by model and name."""

    folder: Path
    files: dict[str, Results] = field(default_factory=dict)
    _rows: dict[tuple[Any, ...], list[Row]] = field(default_factory=dict)
    """Several tables use the query `claims`, which takes seconds."""
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Measured":
        for name in {run.file for run in (*RUNS, *INTERVENTIONS, *CORPUS)}:
            if (path := self.folder / name).is_file():
                self.files[name] = self._open.enter_context(open_results(path))
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @property
    def runs(self) -> list[tuple[Run, Row]]:
        """The measured runs of the paper's experiments, in the order of the list, with their rows of query `runs`."""
        return self._measured(RUNS)

    @property
    def interventions(self) -> list[Run]:
        """The measured runs on interventions."""
        return [run for run, _ in self._measured(INTERVENTIONS)]

    @property
    def corpora(self) -> list[Run]:
        """The measured runs on a corpus."""
        return [run for run, _ in self._measured(CORPUS)]

    def _measured(self, runs: Sequence[Run]) -> list[tuple[Run, Row]]:
        rows = {
            (name, row["name"]): row for name, file in self.files.items() for row in file.runs().to_pylist()
        }  # fmt: skip
        return [(run, rows[run.file, run.name]) for run in runs if (run.file, run.name) in rows]

    def query(self, run: Run, name: str, **parameters: Any) -> list[Row]:
        """Rows of a named query on a run."""
        key = (run.file, run.name, name, *parameters.items())
        if key not in self._rows:
            self._rows[key] = self.files[run.file].query(name, run=run.name, **parameters).to_pylist()
        return self._rows[key]


def runs_table(measured: Measured) -> Iterator[str]:
    """Query `runs`: what was measured."""
    header = ["run", "model", "examples", "languages", "tokens", "token", "accuracy, %"]
    rows = [
        [
            run.name,
            run.model_name,
            f"{row['n_examples']:,}",
            str(row["n_languages"]),
            f"{row['tokens']:,}",
            row["token"],
            _number(row["accuracy"], 1),
        ]
        for run, row in measured.runs
    ]
    return _table(header, rows)


def accuracy_table(measured: Measured) -> Iterator[str]:
    """Query `accuracy`, per language; the paper's baseline below each task that has one (`published-ablation`)."""
    languages = list(dict.fromkeys(code for _, row in measured.runs for code in row["languages"]))
    rows, published = [], set()
    for run, _ in measured.runs:
        by_language = {row["language"]: row for row in measured.query(run, "accuracy")}
        for name in _measures(by_language):
            label = "accuracy, %" if name == "accuracy" else name.replace("_", " ")
            values = [_number(by_language.get(code, {}).get(name), 2) for code in languages]
            rows.append([run.name, run.model_name, label, str(_n(by_language)), *values])
        for paper in _baselines(measured, run):
            if paper not in published:
                published.add(paper)
                model, task, numbers = paper
                by_code = dict(numbers)
                rows.append([task, f"*{model}, published*", "accuracy, %", "",
                             *(_number(by_code.get(code), 2) for code in languages)])  # fmt: skip
    return _table(["run", "model", "measure", "n", *languages], rows)


def _measures(by_language: dict[str, Row]) -> list[str]:
    """Columns with a number per language: accuracy, and ranks and log-probabilities if there are any."""
    columns = list(next(iter(by_language.values()), {}))
    other = [name for name in columns if name not in ACCURACY and not name.endswith(("low", "high"))]
    return [name for name in ("accuracy", *other) if _has_numbers(by_language, name)]


def _has_numbers(by_language: dict[str, Row], name: str) -> bool:
    values = [row.get(name) for row in by_language.values()]
    return any(isinstance(value, int | float) for value in values) and not name.startswith("n_")


def _n(by_language: dict[str, Row]) -> int:
    return max((row["n"] for row in by_language.values()), default=0)


def _baselines(measured: Measured, run: Run) -> list[tuple[str, str, tuple[tuple[str, float], ...]]]:
    """Published accuracies of the run's task: model, task, numbers by language."""
    rows = [row for row in measured.query(run, "published-ablation") if row["kind"] == "baseline"]
    models = dict.fromkeys(row["model"] for row in rows)
    task = str(run.options["task"])
    return [
        (model, task, tuple((row["language"], row["accuracy"]) for row in rows if row["model"] == model))
        for model in models
    ]


def types_table(measured: Measured) -> Iterator[str]:
    """Query `type-ratio`, % of all neurons, with 95 % intervals."""
    rows = []
    for run, _ in measured.runs:
        by_type = {row["type"]: row for row in measured.query(run, "type-ratio") if row["stack"] == "decoder"}
        rows.append([run.name, run.model_name, *(_interval(by_type.get(name, {}), "ratio", 1) for name in TYPES)])
    return _table(["run", "model", *(f"{name}, %" for name in TYPES)], rows)


def verdicts_table(measured: Measured) -> Iterator[str]:
    """Query `claims`: ✓ supported, ✗ contradicted, ? undecided; 99.8 % intervals."""
    by_run = [({row["claim"]: row for row in measured.query(run, "claims")}, run) for run, _ in measured.runs]
    header = ["claim", "sentence", *(f"{run.model_name.split('-')[0]}: {run.name}" for _, run in by_run)]
    rows = [
        [claim, row["says"], *(_mark(rows[claim]) for rows, _ in by_run)]
        for claim, row in (by_run[0][0].items() if by_run else ())
    ]
    return _table(header, rows)


def _mark(row: Row) -> str:
    return MARKS[row["verdict"]] if row["estimate"] is not None else "–"


def claims_table(measured: Measured) -> Iterator[str]:
    """Query `claims`: the number of each claim in each run with a 99.8 % interval, and the verdict."""
    rows = []
    by_run = [(run, n, {row["claim"]: row for row in measured.query(run, "claims")}) for run, n in measured.runs]
    for claim in by_run[0][2] if by_run else ():
        for run, facts, claims in by_run:
            row = claims[claim]
            if row["estimate"] is None:
                continue
            rows.append([
                claim, run.name, run.model_name, f"{facts['n_examples']:,}",
                f"{_interval(row, 'estimate', 3)} {row['unit']}", row["versus"] or "", row["verdict"],
            ])  # fmt: skip
    return _table(["claim", "run", "model", "examples", "result", "compared with", "verdict"], rows)


def reasons_table(measured: Measured) -> Iterator[str]:
    """Query `claims` on a run and on its variants, over the variant's languages; 99.8 % intervals."""
    rows = []
    by_name = {(run.model, run.name): run for run, _ in measured.runs}
    for variant, facts in measured.runs:
        base = by_name.get((variant.model, variant.compared_with or ""))
        if base is None:
            continue
        before, after = (_claims(measured, run, facts["languages"]) for run in (base, variant))
        rows += [
            [variant.tests, claim, f"{base.name} → {variant.name}", _result(before[claim]), _result(after[claim])]
            for claim in before
            if before[claim]["estimate"] is not None and after[claim]["estimate"] is not None
        ]
    return _table(["possible reason", "claim", "runs", "without it changed", "with it changed"], rows)


def _claims(measured: Measured, run: Run, languages: Sequence[str]) -> dict[str, Row]:
    return {row["claim"]: row for row in measured.query(run, "claims", languages=",".join(languages))}


def _result(row: Row) -> str:
    return f"{MARKS[row['verdict']]} {_interval(row, 'estimate', 3)} {row['unit']}"


def ablation_table(measured: Measured) -> Iterator[str]:
    """Query `ablation-accuracy`, all languages together, with 95 % intervals; ranks with `measure=first`."""
    rows = []
    for run, _ in measured.runs:
        ranks = _together(measured, run, "ablation-accuracy", measure="first")
        for condition, row in _together(measured, run, "ablation-accuracy").items():
            rows.append([
                run.name, row["label"], _number(row["percent"], 1), _interval(row, "accuracy", 1),
                _of(row, "change", 1), _of(row, "logprob", 2), _interval(ranks[condition], "accuracy", 1),
                f"{row['n']:,}",
            ])  # fmt: skip
    header = ["run", "condition", "neurons, %", "accuracy, %", "change, points", "log-probability, nats"]
    return _table([*header, "reciprocal rank of the first token, %", "n"], rows)


def _together(measured: Measured, run: Run, name: str, **parameters: Any) -> dict[Any, Row]:
    """Rows over all languages, by condition."""
    rows = measured.query(run, name, **parameters)
    return {row["condition"]: row for row in rows if row["language"] is None}


def controls_table(measured: Measured) -> Iterator[str]:
    """Query `ablation-controls`, all languages together: the harm of a type beyond that of its control, 95 %."""
    rows = []
    for run, _ in measured.runs:
        ranks = _together(measured, run, "ablation-controls", measure="first")
        for condition, row in _together(measured, run, "ablation-controls").items():
            dose = "all" if row["fraction"] is None else f"{100 * row['fraction']:g} %"
            rows.append([
                run.name, row["type"], dose, _number(row["percent"], 1), _number(row["control_percent"], 1),
                _interval(row, "difference", 1), _of(row, "logprob", 3), _interval(ranks[condition], "difference", 1),
                f"{row['n']:,}",
            ])  # fmt: skip
    header = ["run", "type", "dose", "neurons, %", "control, %", "difference, points", "difference, nats"]
    return _table([*header, "difference in reciprocal rank of the first token, points", "n"], rows)


def tokens_table(measured: Measured) -> Iterator[str]:
    """Query `last-token-effect`: what the differences between prompts go with, %, with 95 % intervals."""
    rows = [
        [run.name, run.model_name, row["component"], _interval(row, "share", 1), _number(row["p_value"], 3),
         f"{row['n_examples']:,}", row["note"] or ""]
        for run, _ in measured.runs
        for row in measured.query(run, "last-token-effect")
    ]  # fmt: skip
    return _table(["run", "model", "goes with", "share, %", "p", "examples", "note"], rows)


def off_target_table(measured: Measured) -> Iterator[str]:
    """Query `off-target`: log-probability with a set ablated minus with its control ablated, 95 %; * p_holm < 0.05.

    Values that remove neurons; those of steering have a table of their own.
    """
    rows = []
    for run in measured.interventions:
        cells = [row for row in measured.query(run, "off-target") if not row["value"].startswith("add:")]
        digits = 4 if run.model == "demo" else 2
        for of, value in dict.fromkeys((row["set_language"], row["value"]) for row in cells):
            own = [row for row in cells if (row["set_language"], row["value"]) == (of, value)]
            by_language = {row["language"] or "specificity": row for row in own}
            sizes = [max(row[name] or 0 for row in own) for name in ("percent", "control_percent")]
            rows.append([
                run.model_name, value, of, *(_number(size, 2) for size in sizes),
                *(_starred(by_language[code], digits) for code in (*FOUR, "specificity")),
            ])  # fmt: skip
    return _table(["model", "value", "neurons of", "neurons, %", "control, %", *FOUR, "specificity"], rows)


def _starred(row: Row, digits: int) -> str:
    sure = row["p_holm"] is not None and row["p_holm"] < 0.05
    return _interval(row, "difference", digits) + (" *" if sure else "")


def agreement_table(measured: Measured) -> Iterator[str]:
    """Query `intervention-agreement` over all sets: signs and rank correlation of the changes under two values."""
    rows = [
        [
            run.model_name, row["value"], row["other"], str(row["n_sets"]), _number(row["same_sign"], 0),
            _of(row, "correlation", 2),
        ]
        for run in measured.interventions
        for row in measured.query(run, "intervention-agreement")
        if row["label"] is None
    ]  # fmt: skip
    return _table(["model", "value", "other value", "sets", "equal signs, %", "rank correlation"], rows)


def steering_table(measured: Measured) -> Iterator[str]:
    """Query `steering`, inputs in other languages than the one steered to, with 95 % intervals."""
    rows = [
        [
            run.model_name, row["toward"] or "", row["arm"], row["value"] or "", _number(row["percent"], 2),
            _of(row, "switched", 1), _of(row, "own", 1), _number(row["accuracy"], 1), _of(row, "logprob", 2),
            f"{row['n']:,}",
        ]
        for run in measured.interventions
        for row in measured.query(run, "steering")
        if row["language"] is None
    ]  # fmt: skip
    header = ["model", "toward", "arm", "value", "neurons, %", "outputs in it, %", "in the input's language, %"]
    return _table([*header, "accuracy, %", "log-probability, nats", "n"], rows)


def truth_table(measured: Measured) -> Iterator[str]:
    """Query `attribution-truth`, all layers: Spearman correlation with the exact effects, with 95 % intervals."""
    rows = [
        [
            run.model_name, row["score"], _interval(row, "correlation", 2), _of(row, "size", 2), f"{row['n']:,}",
            str(row["n_inputs"]),
        ]
        for run in measured.interventions
        for row in measured.query(run, "attribution-truth")
        if row["layer"] is None
    ]  # fmt: skip
    return _table(["model", "score", "correlation with the effect", "of the sizes", "effects", "inputs"], rows)


def corpus_table(measured: Measured) -> Iterator[str]:
    """Query `corpora`: texts and losses by language."""
    rows = [
        [run.model_name, row["language"], f"{row['texts']:,}", f"{row['tokens']:,}", _number(row["loss"], 2),
         _number(row["active"], 1)]
        for run in measured.corpora
        for row in measured.query(run, "corpora")
    ]  # fmt: skip
    return _table(["model", "language", "texts", "tokens", "loss, nats", "active, %"], rows)


def detectors_table(measured: Measured) -> Iterator[str]:
    """Query `detector-agreement`: overlap of two detectors by language, against chance."""
    rows = [
        [row["detector"], row["other"], row["language"], f"{row['n']:,}", f"{row['n_other']:,}",
         _number(row["jaccard"], 1), _number(row["by_chance"], 2)]
        for run in measured.corpora
        for row in measured.query(run, "detector-agreement")
    ]  # fmt: skip
    header = ["detector", "other", "language", "neurons", "of the other", "Jaccard, %", "by chance, %"]
    return _table(header, rows)


def halves_table(measured: Measured) -> Iterator[str]:
    """Query `detector-reliability`: overlap of a detector with itself between halves of the texts, against chance."""
    rows = [
        [row["detector"], row["language"], f"{row['n_first']:,}", f"{row['n_second']:,}", _number(row["jaccard"], 1),
         _number(row["by_chance"], 2), _number(row["spearman"], 3)]
        for run in measured.corpora
        for row in measured.query(run, "detector-reliability")
    ]  # fmt: skip
    header = ["detector", "language", "first half", "second half", "Jaccard, %", "by chance, %", "Spearman"]
    return _table(header, rows)


def _of(row: Row, name: str, digits: int) -> str:
    return _interval({"x": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}, "x", digits)


def _interval(row: Row, name: str, digits: int) -> str:
    value = _number(row.get(name), digits)
    if not value or row.get("low") is None:
        return value
    return f"{value} ({_number(row['low'], digits)} to {_number(row['high'], digits)})"


def _number(value: Any, digits: int) -> str:
    return f"{value:.{digits}f}" if isinstance(value, int | float) else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    if not rows:
        yield "Not measured yet."
        return
    for line in (header, ["---"] * len(header), *rows):
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |"


TABLES = {
    "runs": runs_table,
    "accuracy": accuracy_table,
    "types": types_table,
    "verdicts": verdicts_table,
    "claims": claims_table,
    "tokens": tokens_table,
    "reasons": reasons_table,
    "ablation": ablation_table,
    "controls": controls_table,
    "targets": off_target_table,
    "agreement": agreement_table,
    "steering": steering_table,
    "truth": truth_table,
    "corpus": corpus_table,
    "detectors": detectors_table,
    "halves": halves_table,
}
