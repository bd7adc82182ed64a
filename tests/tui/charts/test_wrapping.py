"""Stored texts in lines, whatever their script."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from neurontui.tui.charts.builders.wrapping import wrapped
from neurontui.tui.common.sanitize import clean_lines


@given(st.text(max_size=200), st.integers(4, 80))
def test_lines_keep_their_width_and_lose_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert max(map(cell_len, lines)) <= width
    assert "".join("".join(lines).split()) == "".join(clean_lines(text).split())


def test_english_beside_chinese_is_broken_between_words() -> None:
    prompt = "Question: 津巴布韦的首都是哪里？ Answer: 马德里 Question: What is the capital of Zimbabwe?"
    assert wrapped(prompt, 62) == [
        "Question: 津巴布韦的首都是哪里？ Answer: 马德里 Question: What",
        "is the capital of Zimbabwe?",
    ]
    assert wrapped("津巴布韦的首都", 8) == ["津巴布韦", "的首都"]
