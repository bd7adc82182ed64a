"""A scrollbar that is drawn once when its table changes.

Textual draws a scrollbar again after each layout and each move of the focus, and lays the screen out a second time when
a scrollbar has another size. Both take time in which the picture of the table waits.
"""

from typing import Any, Self

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scrollbar import ScrollBar

_COLORS = [f"scrollbar_{part}{state}" for part in ("color", "background") for state in ("", "_hover", "_active")]


class StillScrollBar(ScrollBar):
    """Draws itself if it would look different, and asks for no layout: what it shows does not change its size."""

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), repaint=False)

    def __init__(self, vertical: bool = True, name: str | None = None, *, thickness: int = 1) -> None:
        self._drawn: tuple[object, ...] = ()
        super().__init__(vertical, name, thickness=thickness)

    def render(self) -> Any:
        """As in Textual."""
        self._drawn = self._looks()
        return super().render()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Nothing if it is drawn as it is."""
        if self._drawn and not layout and self._drawn == self._looks():
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _looks(self) -> tuple[object, ...]:
        """Everything that `render` reads."""
        colors = () if self.parent is None else tuple(getattr(self.parent.styles, name) for name in _COLORS)
        window = self.window_virtual_size, self.window_size, self.position
        return self.size, window, self.mouse_over, self.grabbed, colors
