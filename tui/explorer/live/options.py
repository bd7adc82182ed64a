"""What `neurontui open --live` asks for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LiveOptions:
    """A live prompt is shown among the screens."""

    model: str | None = None
    """Hub id or folder instead of the model of the selected run."""
