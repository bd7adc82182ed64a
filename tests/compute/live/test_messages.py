"""Messages between explorer and worker: what arrives is what was sent, and nothing heavy is imported for them."""

import subprocess
import sys

import pytest

from neurontui.compute.live.messages import (
    Answered,
    Ask,
    Change,
    Describe,
    Described,
    LanguageAnswer,
    Load,
    ModelSettings,
    NextToken,
    Outcome,
    Quit,
    Refused,
    StrongNeuron,
    from_line,
    to_line,
)

SETTINGS = ModelSettings("org/model", "model", digest=None, revision="abc", bos="add", chat=True, system="[red]\n")
OUTCOME = Outcome("Paris", (NextToken(" Paris", 0.25), NextToken("\\xe0", 1e-9)))
MESSAGES = [
    Describe(SETTINGS),
    Load(SETTINGS),
    Ask(
        3, (("de", "half \ud83d of a pair\n\x1b[31m"), ("zh", "巴黎")), (1, 2), Change(((0, 1),), "specific", -2.5), 16
    ),
    Ask(4, ()),
    Quit(),
    Refused("No.", None),
    Described("model", "llama", 1, "cpu", 2, 3, download=True),
    Answered(
        3,
        (
            LanguageAnswer("de", ("a", "b"), (0.5, -0.25), None, OUTCOME),
            LanguageAnswer("x", (), (), 1.5, None, OUTCOME),
        ),
        ((1, 2, 3, 4), (5, 6, 7, 8)),
        (StrongNeuron(1, 2, "specific", 0.1),),
        7,
        0.5,
    ),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message: object) -> None:
    line = to_line(message)  # type: ignore[arg-type]

    assert line.isascii()
    assert line.count("\n") == 1
    assert from_line(line) == message


@pytest.mark.parametrize("line", ["", "loading …", "[]", "{}", '{"kind": "Ask"}', '{"kind": "os"}', "[" * 100_000])
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        from_line(line)


def test_messages_import_neither_torch_nor_the_rest_of_compute() -> None:
    code = (
        "import sys, neurontui.compute.live.messages as own\n"
        "names = [name for name in sys.modules if name.startswith('neurontui.compute.')]\n"
        "assert {'torch', 'numpy'}.isdisjoint(sys.modules) and set(names) == {'neurontui.compute.live', own.__name__}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
