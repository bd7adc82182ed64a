"""Warnings about prompts as texts: white space at the end, the same text in two languages, another script.

Such prompts can be measured. Their tokens are checked by `compute/checks/prompts.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from neurontui.compute.tasks.scripts import lacks_script, script_of
from neurontui.compute.tasks.text import counted, shown

_PAIRS = 3
"""Most pairs of languages that a sentence lists."""


def text_warnings(examples: Iterable[Mapping[str, str]]) -> list[str]:
    """One sentence per kind of warning and language. examples: prompts by language, of each example."""
    prompts: Counter[str] = Counter()
    trailing: Counter[str] = Counter()
    other_script: Counter[str] = Counter()
    identical: Counter[tuple[str, str]] = Counter()
    n_examples = 0
    for texts in examples:
        n_examples += 1
        prompts.update(texts.keys())
        trailing.update(code for code, text in texts.items() if text[-1:].isspace())
        other_script.update(code for code, text in texts.items() if _is_foreign(code, text))
        identical.update(_identical(texts))
    return [
        *(_trailing(code, n, prompts[code]) for code, n in _ordered(trailing, prompts)),
        *_same_text(identical, n_examples),
        *(_script(code, n, prompts[code]) for code, n in _ordered(other_script, prompts)),
    ]


def _ordered(counts: Counter[str], prompts: Counter[str]) -> list[tuple[str, int]]:
    return [(code, counts[code]) for code in prompts if counts[code]]


def _is_foreign(code: str, text: str) -> bool:
    script = script_of(code)
    return script is not None and lacks_script(text, script)


def _identical(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if len(set(texts.values())) == len(texts):
        return
    languages = defaultdict(list)
    for code, text in texts.items():
        languages[text].append(code)
    for codes in languages.values():
        yield from combinations(codes, 2)


def _trailing(code: str, n: int, total: int) -> str:
    return (
        f"In {shown(code)}, {n:,} of {total:,} prompts end in white space, which is measured instead of the last word."
    )


def _same_text(pairs: Counter[tuple[str, str]], n_examples: int) -> list[str]:
    if not pairs:
        return []
    named = [
        f"{shown(a)} and {shown(b)} in {n:,} of {n_examples:,} examples" for (a, b), n in pairs.most_common(_PAIRS)
    ]
    more = len(pairs) - len(named)
    rest = f", and {counted(more, 'more pair')} of languages" if more else ""
    return [
        f"Prompts are the same text in two languages: {'; '.join(named)}{rest}; "
        "neurons shared by these languages there may be due to the text alone."
    ]


def _script(code: str, n: int, total: int) -> str:
    return (
        f"In {shown(code)}, {n:,} of {total:,} prompts have no letter of the language's script "
        f"({script_of(code)}); check that the text is in that language."
    )
