"""What a screen needs from the application around it."""

from collections.abc import Sequence
from typing import Any, Protocol

from neurontui.tui.explorer.session import Session


class Host(Protocol):
    """The application, as screens see it."""

    session: Session

    def open_detail(self, name: str, **changes: Any) -> None:
        """Change the selection and show another screen; esc restores both."""

    def open_view(self, name: str, view: str, **changes: Any) -> None:
        """The same, and choose the screen's view."""

    def crumbs(self) -> Sequence[str]:
        """File, run, and the screens that the user came through."""

    def state_word(self, waiting: bool) -> str:
        """What is in progress, in a word or two."""
