"""Where the subject of a prompt ends, as an index of its tokens (`--token subject`)."""

from collections.abc import Sequence
from typing import Any

from neurontui.store.errors import ModelError

Offsets = Sequence[tuple[int, int]]
"""Characters of the text that each token covers, from and up to; (0, 0) for a special token."""


def last_character(subject: str | None, prompt: str, text: str) -> int | None:
    """Index in `text` of the last character of the subject's last occurrence in the prompt; None without one.

    text: what the model reads, which contains the prompt: the prompt itself, or a chat template around it, which may
    remove white space at its ends.
    """
    inside = prompt if prompt in text else prompt.strip()
    start, place = text.rfind(inside), inside.rfind(subject) if subject else -1
    if subject is None or start < 0 or place < 0:
        return None
    return start + place + len(subject) - 1


def token_of_character(character: int | None, offsets: Offsets) -> int | None:
    """Index of the token with a character; the last one if several tokens have parts of it."""
    if character is None:
        return None
    return max((i for i, (low, high) in enumerate(offsets) if low <= character < high), default=None)


def require_offsets(tokenizer: Any, model: str) -> None:
    """Raise ModelError for a tokenizer that does not report the characters of its tokens."""
    if not tokenizer.is_fast:
        raise ModelError(
            f"The tokenizer of '{model}' does not report the position of its tokens in the text, so the subject's "
            "token cannot be found; use --token last."
        )
