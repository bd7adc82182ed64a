"""The paper's numbers (Tables 1 to 4) that stand beside a run's own: only those of the very same model and task."""

from neurontui.queries.results import Results
from neurontui.tui.common.significant import NONE, Number, decimals
from neurontui.tui.report.run import Row, Run

Key = tuple[str, str | None, float | None]
"""Kind of condition, type, and percent of neurons where it is random."""


def accuracies(results: Results, run: Run) -> dict[Key, dict[str, Row]]:
    """Tables 2 and 4: condition -> language -> row."""
    accuracy: dict[Key, dict[str, Row]] = {}
    for row in _same(results, run, "published-ablation"):
        share = round(row["percent"], 2) if row["kind"] == "random" else None
        accuracy.setdefault((row["kind"], row["type"], share), {})[row["language"]] = row
    return accuracy


def effects(results: Results, run: Run) -> dict[tuple[str, str], Row]:
    """Tables 1 and 3: (language, type) -> row; Table 1 first, which has more digits."""
    scores: dict[tuple[str, str], Row] = {}
    for row in sorted(_same(results, run, "published-effective-scores"), key=lambda r: str(r["source"])):
        scores.setdefault((row["language"], row["type"]), row)
    return scores


def as_printed(score: Number) -> str:
    """A score with as many digits as Tables 1 and 3 print: two decimals, or two digits of what is smaller."""
    if score is None:
        return NONE
    text = f"{score:.2f}" if score == 0 or abs(score) >= 0.005 else f"{score:.1e}".replace("e-0", "e-")
    return text.replace("-", "−")


def type_shares(results: Results, run: Run) -> dict[str, dict[str, str]]:
    """The column pct. of Tables 2 and 4: source -> type -> percent."""
    shares: dict[str, dict[str, str]] = {}
    for row in _same(results, run, "published-ablation"):
        if row["kind"] == "type":
            source = shares.setdefault(f"paper, {row['source']}", {})
            source[row["type"]] = decimals(row["percent"], 2)
    return shares


def other_models(results: Results, run: Run, query: str) -> list[str]:
    """Models that the paper has numbers of for the run's task, where the run is of none of them."""
    rows = results.query(query, run=run.number).to_pylist()
    if any(row["same_model"] for row in rows):
        return []
    return list(dict.fromkeys(f"{row['model']} ({row['source']})" for row in rows))


def _same(results: Results, run: Run, query: str) -> list[Row]:
    if run.shots:  # the tables are of prompts without demonstrations
        return []
    rows: list[Row] = results.query(query, run=run.number).to_pylist()
    return [row for row in rows if row["same_model"]]
