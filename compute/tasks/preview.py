"""Preview of the prompts of a run."""

from neurontui.compute.tasks.example import Example, TaskData
from neurontui.compute.tasks.text import counted, listed, printable

_SHOWN = 4000


def preview(data: TaskData, n: int = 1) -> str:
    """Counts, notes, and the prompts of the first `n` examples in every language, as plain text.

    Control characters of the data are escaped, so that the text can be printed to a terminal.
    """
    title = data.task if data.setting is None else f"{data.task} {data.setting}"
    shots = f", {counted(data.n_shots, 'shot')}" if data.n_shots else ""
    clusters = len({example.cluster for example in data.examples})
    lines = [
        f"{printable(title)}{shots}: {counted(len(data.examples), 'example')} in "
        f"{counted(clusters, 'cluster')}, {counted(len(data.languages), 'language')} "
        f"({printable(listed(data.languages))})",
        *(printable(note) for note in data.notes),
        f"Answers: {_with(data, 'answers')}; choices: {_with(data, 'choices')}.",
    ]
    for number, example in enumerate(data.examples[:n], 1):
        lines += ["", *_example_lines(number, example, data)]
    return "\n".join(lines)


def _with(data: TaskData, what: str) -> str:
    n = sum(all(code in getattr(example, what) for code in data.languages) for example in data.examples)
    return "none" if n == 0 else "all" if n == len(data.examples) else f"{n:,} examples"


def _example_lines(number: int, example: Example, data: TaskData) -> list[str]:
    width = max(len(printable(code)) for code in data.languages)
    lines = [f"Example {number} of {len(data.examples):,}, id {printable(example.id)}"]
    for code in data.languages:
        lines.append(f"  {printable(code):{width}}  {_cut(example.prompts[code])}")
        if code in example.answers:
            lines.append(f"  {'':{width}}  → {_cut(example.answers[code])}")
    return lines


def _cut(text: str) -> str:
    whole = len(text) <= _SHOWN
    return printable(text) if whole else f"{printable(text[:_SHOWN])}… ({len(text):,} characters)"
