"""Where the subject of a prompt ends, as an index of its tokens (`--token subject`)."""

from collections.abc import Sequence
from typing import Any

from neurontui.store.errors import ModelError

Offsets = Sequence[tuple[int, int]]
"""Characters of the text that each token covers, from and up to; (0, 0) for a special token."""


def subject_token(text: str, subject: str | None, offsets: Offsets) -> int | None:
    """Index of the token with the last character of the subject's last occurrence; None without one.

    If several tokens have parts of this character, it is the last of them.
    """
    start = text.rfind(subject) if subject else -1
    if start < 0 or subject is None:
        return None
    last = start + len(subject) - 1
    return max((i for i, (low, high) in enumerate(offsets) if low <= last < high), default=None)


def require_offsets(tokenizer: Any, model: str) -> None:
    """Raise ModelError for a tokenizer that does not report the characters of its tokens."""
    if not tokenizer.is_fast:
        raise ModelError(
            f"The tokenizer of '{model}' does not report the position of its tokens in the text, so the subject's "
            "token cannot be found; use --token last."
        )
