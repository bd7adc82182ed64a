"""Runs and their languages in words: accuracy beside the rank of the expected answer and chance."""

from neurontui.tui.charts.spans import Spans
from neurontui.tui.explorer.widgets.run_lines import WITH_RANKS, answer_words, language_lines

ROW = {
    "language": "de", "name": "German", "family": "Indo-European", "tokens": 9.25, "accuracy": 12.5, "first": 62.5,
    "first_chance": 8.3333, "last_token": "is", "last_token_share": 75.0,
}  # fmt: skip


def texts(lines: list[Spans]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def test_a_language_has_its_rank_where_it_fits() -> None:
    _, head, line = texts(language_lines([ROW], WITH_RANKS))
    assert head.split() == [
        "languages",
        "family",
        "tokens",
        "right",
        "%",
        "rank",
        "1",
        "%",
        "chance",
        "%",
        "read",
        "at",
    ]
    assert " ".join(line.split()) == "de German Indo-European 9.2 12.5 62.5 8.3 “is” in 75 %"
    assert len(line) <= WITH_RANKS
    assert "62.5" not in " ".join(texts(language_lines([ROW], WITH_RANKS - 1)))


def test_a_run_of_an_earlier_version_has_no_ranks() -> None:
    older = {**ROW, "first": None, "first_chance": None}
    assert "rank" not in " ".join(texts(language_lines([older], 120)))
    assert answer_words(older.get) == "12.5 % right"
    assert answer_words(ROW.get) == "12.5 % right · rank 1 in 62.5 %, by chance in 8.3 %"
