"""A scrollbar that is drawn once when its table changes.

Textual draws a scrollbar again after each layout and each move of the focus, and lays the screen out a second time when
a scrollbar has another size. Both take time in which the picture of the table waits.
"""

from typing import Any, Self

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scrollbar import ScrollBar


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
        styles = None if self.parent is None else self.parent.styles
        colors = (
            ()
            if styles is None
            else (
                styles.scrollbar_color,
                styles.scrollbar_color_hover,
                styles.scrollbar_color_active,
                styles.scrollbar_background,
                styles.scrollbar_background_hover,
                styles.scrollbar_background_active,
            )
        )
        return (
            self.size,
            self.window_virtual_size,
            self.window_size,
            self.position,
            self.mouse_over,
            self.grabbed,
            colors,
        )
