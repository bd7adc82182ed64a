"""The findings of the demo agree with planted effects in either direction."""

from pathlib import Path

from neurontui.queries import open_results
from neurontui.tui.cli.demo_findings import answers
from tests.queries.planted import Effects, write_planted
from tests.queries.test_claims import PLANTED, REVERSED


def _answered(path: Path, effects: Effects) -> tuple[dict[str, str], str]:
    """Answers by question, and the whole text, for a planted store."""
    with open_results(write_planted(path / "planted.duckdb", 11, effects)) as results:
        lines = list(answers(results, 1))
    asked = dict(line.strip().split("? ", 1) for line in lines if "? " in line)
    return asked, "\n".join(lines)


def test_planted_effects_are_answered_with_yes(tmp_path: Path) -> None:
    asked, text = _answered(tmp_path, PLANTED)

    assert asked["Does sharing depend on the task"] == "Yes."
    assert asked["Do related languages share more neurons"] == "Yes."
    hurt = "Does ablating all-shared neurons harm answers more than ablating others"
    assert asked[hurt] == "Yes."
    assert "the paired control (10.0 % of all neurons)" in text
    assert text.count(" in all 120 examples.") == 4


def test_reversed_effects_are_answered_with_no(tmp_path: Path) -> None:
    asked, _ = _answered(tmp_path, REVERSED)

    assert asked["Do related languages share more neurons"] == "No."
    hurt = "Does ablating all-shared neurons harm answers more than ablating others"
    assert asked[hurt] == "No."


def test_a_run_without_a_measure_says_what_it_lacks(measured: Path) -> None:
    with open_results(measured) as results:
        text = "\n".join(answers(results, 1))

    assert "Does sharing depend on the task? Undecided." in text
    assert "Not measured: requires ablation of all-shared neurons in paired doses." in text
    assert "With as many other active neurons ablated, or all if there are fewer," in text
