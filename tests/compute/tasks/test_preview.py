"""What --dry-run shows."""

from neurontui.compute.tasks.example import Example, TaskData
from neurontui.compute.tasks.preview import preview

DATA = TaskData(
    "ke",
    "en-all",
    2,
    ("en", "zh-hans"),
    (
        Example("1", "a", {"en": "Q: x\n\nA:", "zh-hans": "问"}, {"en": "b", "zh-hans": "答"}),
        Example("2", "a", {"en": "second", "zh-hans": "二"}),
    ),
    ("Read 2 edits.",),
)


def test_counts_and_the_first_prompt_in_every_language() -> None:
    assert preview(DATA, 1) == (
        "ke en-all, 2 shots: 2 examples in 1 cluster, 2 languages (en, zh-hans)\n"
        "Read 2 edits.\n"
        "Answers: 1 examples; choices: none.\n"
        "\n"
        "Example 1 of 2, id 1\n"
        "  en       Q: x↵↵A:\n"
        "           → b\n"
        "  zh-hans  问\n"
        "           → 答"
    )


def test_more_examples_and_none() -> None:
    assert "  en       second" in preview(DATA, 2)
    assert "Example" not in preview(DATA, 0)


def test_a_terminal_obeys_nothing_of_it() -> None:
    hostile = "\x1b]52;c;eA==\x07\x9b2J\u202e\r\x00"
    data = TaskData(hostile, None, 0, (hostile,), (Example(hostile, "c", {hostile: hostile}),), (hostile,))
    assert all(line.isprintable() for line in preview(data, 1).split("\n"))


def test_a_giant_prompt_is_cut() -> None:
    data = TaskData("t", None, 0, ("en",), (Example("1", "1", {"en": "x" * 10_000_000}),))
    assert len(preview(data)) < 5000
    assert "(10,000,000 characters)" in preview(data)
