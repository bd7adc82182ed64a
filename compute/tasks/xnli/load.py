"""XNLI: does a hypothesis follow from a premise? 5,010 examples, three per premise, in fifteen languages."""

from collections.abc import Mapping
from dataclasses import replace

from neurontui.compute.tasks.example import Example, TaskData, TaskOptions
from neurontui.compute.tasks.hub import XNLI_TEST, fetch
from neurontui.compute.tasks.languages import by_short_code
from neurontui.compute.tasks.selection import choose_languages
from neurontui.compute.tasks.text import counted, listed
from neurontui.compute.tasks.wrappers import Wrapper, wrappers
from neurontui.compute.tasks.xnli.files import read_xnli
from neurontui.compute.tasks.xnli.table import Pair, XnliTable

_CHOICE_ORDER = (0, 2, 1)
"""true, false, inconclusive: the order in the question."""


def load_xnli(options: TaskOptions) -> TaskData:
    """XNLI with the prompts of appendix A.3, answers true, false and inconclusive; cluster = premise."""
    table = read_xnli(options.data or fetch(XNLI_TEST))
    table = replace(table, columns=by_short_code(table.columns))
    languages = choose_languages(table.columns, options.languages, "XNLI")
    words = wrappers(languages, options.native_wrapper)
    clusters = _clusters(table)
    examples = tuple(
        _example(row, cluster, {code: table.columns[code][row] for code in languages}, table, words)
        for row, cluster in enumerate(clusters)
        if all(table.columns[code][row] for code in languages)
    )
    notes = _notes(table, languages, len(examples))
    return TaskData("xnli", None, 0, languages, examples, notes)


def _example(
    row: int,
    cluster: str,
    pairs: Mapping[str, Pair | None],
    table: XnliTable,
    words: Mapping[str, Wrapper],
) -> Example:
    label = table.labels[row]
    return Example(
        id=str(row + 1),
        cluster=cluster,
        prompts={code: words[code].entailment_question(*pair) for code, pair in pairs.items() if pair},
        answers={} if label is None else {code: words[code].labels[label] for code in pairs},
        choices={code: tuple(words[code].labels[i] for i in _CHOICE_ORDER) for code in pairs},
        answer_language=_answer_language(words),
    )


def _answer_language(words: Mapping[str, Wrapper]) -> str | None:
    """Answers in English are joined with a space, also after a Chinese prompt."""
    used = {wrapper.language for wrapper in words.values()}
    return "en" if used == {"en"} else None


def _clusters(table: XnliTable) -> list[str]:
    """The number of each row's premise, by its English text if there is one."""
    column = table.columns.get("en") or next(iter(table.columns.values()))
    numbers: dict[str, int] = {}
    return [
        f"premise {numbers.setdefault(pair[0] if pair else f'row {row}', len(numbers) + 1)}"
        for row, pair in enumerate(column)
    ]


def _notes(table: XnliTable, languages: tuple[str, ...], kept: int) -> tuple[str, ...]:
    rows = len(table.labels)
    notes = [f"Read {counted(rows, 'example')} of XNLI from {table.source}."]
    if dropped := rows - kept:
        lacking = {code: sum(pair is None for pair in table.columns[code]) for code in languages}
        by_language = listed(f"{code} {n:,}" for code, n in lacking.items() if n)
        notes.append(f"Left out {counted(dropped, 'example')} that lack a language ({by_language}).")
    if None in table.labels:
        notes.append(
            "The files have no labels, so no example has an answer: accuracy, effective scores and "
            "ablation need an edition with labels, such as en/test.jsonl, in the same folder."
        )
    return tuple(notes)
