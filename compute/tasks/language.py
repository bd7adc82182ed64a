"""What the tasks need to know about languages: the paper's ten, and how an answer follows a prompt."""

from collections.abc import Iterable

PAPER_LANGUAGES = ("en", "de", "es", "fr", "pt", "ru", "th", "tr", "vi", "zh")
"""The paper's ten languages; this is also the order of the bits in a mask where nobody asks for another."""

MAX_LANGUAGES = 64
"""A mask is one unsigned 64-bit number: a bit a language."""

_UNSPACED = frozenset({"zh", "yue", "th", "ja", "lo", "km", "my"})


def joiner(code: str) -> str:
    """What stands between a prompt and its answer: '' where a language writes no spaces, else ' '.

    code: the language the answer is written in, with or without script or region (zh, zh-hant).
    """
    return "" if _primary(code) in _UNSPACED else " "


def in_paper_order(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes without repetition: the paper's first, in its order, then the others in theirs."""
    unique = dict.fromkeys(codes)
    paper = [code for code in PAPER_LANGUAGES if code in unique]
    return (*paper, *(code for code in unique if code not in PAPER_LANGUAGES))


def _primary(code: str) -> str:
    return code.replace("_", "-").split("-", 1)[0].lower()
